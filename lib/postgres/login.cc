// SPDX-License-Identifier: Apache-2.0
#include "postgres/login.h"

#include <utility>

#include "base/digest.h"
#include "postgres/login_failures.h"

namespace claviger::postgres {
namespace {

constexpr size_t kMaxMessage = size_t{32} << 10U;
constexpr size_t kMaxTotal = size_t{256} << 10U;
constexpr size_t kMaxGreeting = size_t{16} << 10U;
constexpr size_t kNonceBytes = 18;

}  // namespace

SslAnswer ReadSslAnswer(char byte) {
  if (byte == 'S') return SslAnswer::kYes;
  return byte == 'N' ? SslAnswer::kNo : SslAnswer::kNonsense;
}

bool LoginFailure::is_credential() const {
  return fault == LoginFault::kRefused &&
         (error.sqlstate == sqlstate::kBadPassword ||
          error.sqlstate == sqlstate::kNotAuthorized);
}

Login::Login(LoginWish wish, Random& random)
    : wish_(std::move(wish)), nonce_(Base64Encode(random.Bytes(kNonceBytes))) {
  result_.minor = wish_.minor;
}

std::string Login::Begin() const {
  return MakeStartup(wish_.minor, wish_.parameters);
}

Login::State Login::Feed(std::string_view bytes, std::string& out) {
  if (failure_) return State::kFailed;
  total_ += bytes.size();
  held_.append(bytes);
  std::string_view rest = held_;
  while (!failure_ && phase_ != Phase::kReady &&
         rest.size() >= MessageHead::kSize) {
    const auto head = ReadHead(rest);
    if (!head || head->body_size > kMaxMessage) {
      failure_ = Protocol("it sent a message of an impossible size");
      break;
    }
    if (rest.size() - MessageHead::kSize < head->body_size) break;
    const std::string_view body =
        rest.substr(MessageHead::kSize, head->body_size);
    failure_ = OnMessage(head->type, body, out);
    rest.remove_prefix(MessageHead::kSize + head->body_size);
  }
  if (!failure_ && phase_ != Phase::kReady && total_ > kMaxTotal) {
    failure_ = Protocol("it said too much before it was ready");
  }
  if (failure_) return State::kFailed;
  if (phase_ == Phase::kReady) {
    result_.rest = rest;
    held_.clear();
    return State::kDone;
  }
  held_.erase(0, held_.size() - rest.size());
  return State::kGoing;
}

Login::Outcome Login::OnMessage(char type, std::string_view body,
                                std::string& out) {
  switch (type) {
    case 'E':
      return OnError(body);
    case 'N':
      // Before the login nobody knows who says so.
      if (phase_ == Phase::kWelcomed) Greet(type, body);
      return std::nullopt;
    case 'v':
      return OnVersion(body);
    case 'R':
      return OnAuthentication(body, out);
    default:
      break;
  }
  if (phase_ != Phase::kWelcomed) {
    return Protocol("it sent something else than a login asks for");
  }
  switch (type) {
    case 'S':
      Greet(type, body);
      return std::nullopt;
    case 'K':
      return OnKey(body);
    case 'Z':
      return OnReady(body);
    default:
      return Protocol("it sent something else than a login ends with");
  }
}

LoginFailure Login::OnError(std::string_view body) const {
  LoginFailure failure{LoginFault::kRefused, ReadError(body)};
  const std::string_view password = wish_.password.Reveal();
  // Whom a cleartext password was sent may say it again.
  for (std::string* text :
       {&failure.error.message, &failure.error.detail, &failure.error.hint}) {
    if (!password.empty() && text->find(password) != std::string::npos) {
      *text = "(left out: it repeats the credential)";
    }
  }
  return failure;
}

// NegotiateProtocolVersion: it speaks less than was asked for.
Login::Outcome Login::OnVersion(std::string_view body) {
  Cursor cursor(body);
  const uint32_t version = cursor.Int32().value_or(0);
  const uint32_t options = cursor.Int32().value_or(0);
  // Some servers leave the major version out here.
  const uint32_t major = version >> 16U;
  const uint32_t minor = version & 0xFFFFU;
  if (phase_ != Phase::kAsked || cursor.failed() || !cursor.empty() ||
      options != 0 || (major != 0 && major != 3) || minor >= wish_.minor) {
    return Protocol("its answer about the protocol's version is broken");
  }
  result_.minor = minor;
  return std::nullopt;
}

Login::Outcome Login::OnKey(std::string_view body) {
  Cursor cursor(body);
  result_.pid = cursor.Int32().value_or(0);
  result_.cancel_key = cursor.rest();
  const size_t size = result_.cancel_key.size();
  if (cursor.failed() || size < kMinCancelKey || size > kMaxCancelKey ||
      (result_.minor < 2 && size != kMinCancelKey)) {
    return Protocol("its cancel key has a wrong size");
  }
  return std::nullopt;
}

Login::Outcome Login::OnReady(std::string_view body) {
  const bool known = body == "I" || body == "T" || body == "E";
  if (!known) return Protocol("its end of the login is broken");
  result_.status = body.front();
  if (scram_) result_.keys = scram_->keys();
  phase_ = Phase::kReady;
  return std::nullopt;
}

void Login::Greet(char type, std::string_view body) {
  if (result_.greeting.size() + body.size() > kMaxGreeting) return;
  const std::string_view password = wish_.password.Reveal();
  if (!password.empty() && body.find(password) != std::string_view::npos) {
    return;
  }
  AppendMessage(result_.greeting, type, body);
}

}  // namespace claviger::postgres

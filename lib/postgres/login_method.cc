// SPDX-License-Identifier: Apache-2.0
//
// The part of Login that proves who we are: one function for each method that
// a server may ask for.
#include <utility>

#include "postgres/crypto.h"
#include "postgres/login.h"
#include "postgres/login_failures.h"

namespace claviger::postgres {
namespace {

constexpr uint32_t kOk = 0;
constexpr uint32_t kCleartext = 3;
constexpr uint32_t kMd5 = 5;
constexpr uint32_t kSasl = 10;
constexpr uint32_t kSaslContinue = 11;
constexpr uint32_t kSaslFinal = 12;

constexpr std::string_view kScram = "SCRAM-SHA-256";
constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";
constexpr size_t kMaxMechanisms = 16;

LoginFailure NotAllowed(std::string_view method) {
  return Failed(LoginFault::kMethod,
                "the server asks for a login by " + std::string(method) +
                    ", which the connection does not allow");
}

LoginFailure OutOfTurn() {
  return Protocol("its login goes in an order that cannot be");
}

void AppendPassword(std::string& out, std::string_view password) {
  std::string body;
  body.reserve(password.size() + 1);
  AppendText(body, password);
  AppendMessage(out, 'p', body);
  WipeString(body);
}

LoginFault FaultOf(const Error& error) {
  return error.code == ErrorCode::kUnauthenticated ? LoginFault::kImpostor
                                                   : LoginFault::kProtocol;
}

struct Offer {
  bool scram = false;
  bool plus = false;
};

std::optional<Offer> ReadMechanisms(std::string_view list) {
  Offer offer;
  Cursor cursor(list);
  for (size_t count = 0; count <= kMaxMechanisms; ++count) {
    const auto name = cursor.Text();
    if (!name) return std::nullopt;
    if (name->empty()) return offer;
    offer.scram |= *name == kScram;
    offer.plus |= *name == kScramPlus;
  }
  return std::nullopt;
}

}  // namespace

Login::Outcome Login::OnAuthentication(std::string_view body,
                                       std::string& out) {
  Cursor cursor(body);
  const auto kind = cursor.Int32();
  if (!kind) return Protocol("its login message is broken");
  if (*kind == kOk) return OnAuthenticated();
  if (*kind == kSaslContinue) return OnSaslContinue(cursor.rest(), out);
  if (*kind == kSaslFinal) return OnSaslFinal(cursor.rest());
  if (phase_ != Phase::kAsked) return OutOfTurn();
  switch (*kind) {
    case kCleartext:
      return OnCleartext(out);
    case kMd5:
      return OnMd5(cursor.rest(), out);
    case kSasl:
      return OnSasl(cursor.rest(), out);
    default:
      return NotAllowed("a method that is not spoken here");
  }
}

Login::Outcome Login::OnAuthenticated() {
  switch (phase_) {
    case Phase::kAsked:
      if (!wish_.methods.none) return NotAllowed("nothing at all");
      break;
    case Phase::kAnswered:
    case Phase::kSaslProved:
      break;
    case Phase::kSaslFirst:
    case Phase::kSaslFinal:
      return Failed(LoginFault::kImpostor,
                    "the server did not prove that it knows the password");
    default:
      return OutOfTurn();
  }
  if (wish_.binding == Binding::kRequire && !(scram_ && bound_)) {
    return NotAllowed("a method without channel binding");
  }
  phase_ = Phase::kWelcomed;
  return std::nullopt;
}

Login::Outcome Login::OnCleartext(std::string& out) {
  if (!wish_.methods.cleartext || wish_.binding == Binding::kRequire) {
    return NotAllowed("password in clear text");
  }
  AppendPassword(out, wish_.password.Reveal());
  phase_ = Phase::kAnswered;
  return std::nullopt;
}

Login::Outcome Login::OnMd5(std::string_view salt, std::string& out) {
  if (!wish_.methods.md5 || wish_.binding == Binding::kRequire) {
    return NotAllowed("md5");
  }
  if (salt.size() != 4) return Protocol("its login message is broken");
  const std::string* user = Find(wish_.parameters, "user");
  Secret inner(std::string(wish_.password.Reveal()) + (user ? *user : ""));
  const Secret once = Md5Hex(inner.Reveal());
  const Secret salted(std::string(once.Reveal()) + std::string(salt));
  const Secret twice = Md5Hex(salted.Reveal());
  if (twice.empty()) return NotAllowed("md5, and this system forbids it");
  AppendPassword(out, "md5" + std::string(twice.Reveal()));
  phase_ = Phase::kAnswered;
  return std::nullopt;
}

Login::Outcome Login::OnSasl(std::string_view mechanisms, std::string& out) {
  const auto offer = ReadMechanisms(mechanisms);
  if (!offer) return Protocol("its list of login methods is broken");
  if (!wish_.methods.scram || (!offer->scram && !offer->plus)) {
    return NotAllowed("a SASL mechanism");
  }
  ChannelBinding binding;
  if (wish_.binding != Binding::kDisable) {
    binding.server_end_point = wish_.server_end_point;
    binding.used = offer->plus && !wish_.server_end_point.empty();
  }
  if (!binding.used && (wish_.binding == Binding::kRequire || !offer->scram)) {
    return NotAllowed("a method without channel binding");
  }
  bound_ = binding.used;
  scram_.emplace(std::move(binding), nonce_, wish_.kept_keys);
  const std::string first = scram_->ClientFirst();
  std::string body;
  AppendText(body, bound_ ? kScramPlus : kScram);
  AppendInt32(body, static_cast<uint32_t>(first.size()));
  body += first;
  AppendMessage(out, 'p', body);
  phase_ = Phase::kSaslFirst;
  return std::nullopt;
}

Login::Outcome Login::OnSaslContinue(std::string_view message,
                                     std::string& out) {
  if (phase_ != Phase::kSaslFirst) return OutOfTurn();
  auto reply = scram_->OnServerFirst(message, wish_.password.Reveal());
  if (!reply) {
    return Failed(FaultOf(reply.error()), std::move(reply.error().message));
  }
  AppendMessage(out, 'p', *reply);
  phase_ = Phase::kSaslFinal;
  return std::nullopt;
}

Login::Outcome Login::OnSaslFinal(std::string_view message) {
  if (phase_ != Phase::kSaslFinal) return OutOfTurn();
  if (Status proved = scram_->OnServerFinal(message); !proved) {
    return Failed(FaultOf(proved.error()), std::move(proved.error().message));
  }
  phase_ = Phase::kSaslProved;
  return std::nullopt;
}

}  // namespace claviger::postgres

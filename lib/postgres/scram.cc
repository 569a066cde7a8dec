// SPDX-License-Identifier: Apache-2.0
#include "postgres/scram.h"

#include <utility>

#include "base/digest.h"
#include "postgres/crypto.h"
#include "postgres/scram_message.h"

namespace claviger::postgres {
namespace {

constexpr size_t kMaxSalt = 1'024;
constexpr size_t kMaxNonce = 1'024;

std::optional<int> ReadIterations(std::string_view text) {
  constexpr size_t kMaxDigits = 9;
  if (text.empty() || text.size() > kMaxDigits || text.front() == '0') {
    return std::nullopt;
  }
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

struct ServerFirst {
  std::string nonce;
  std::string salt;
  int iterations = 0;
};

Result<ServerFirst> ReadServerFirst(std::string_view message) {
  const auto malformed = [] {
    return Fail(ErrorCode::kMalformed, "the server's SCRAM message is broken");
  };
  if (message.size() > kMaxScramMessage) return malformed();
  if (message.starts_with("m=")) {
    return Fail(ErrorCode::kUnsupported,
                "the server demands an unknown extension of SCRAM");
  }
  const auto nonce = TakeScram(message, 'r');
  const auto salt = TakeScram(message, 's');
  const auto iterations = TakeScram(message, 'i');
  if (!nonce || !salt || !iterations || nonce->size() > kMaxNonce) {
    return malformed();
  }
  auto bytes = Base64Decode(*salt);
  const auto count = ReadIterations(*iterations);
  if (!bytes || bytes->empty() || bytes->size() > kMaxSalt || !count) {
    return malformed();
  }
  if (*count < kMinScramIterations || *count > kMaxScramIterations) {
    return Fail(ErrorCode::kTooLarge,
                "the server asks for SCRAM iterations outside of " +
                    std::to_string(kMinScramIterations) + " to " +
                    std::to_string(kMaxScramIterations));
  }
  return ServerFirst{std::string(*nonce), std::move(*bytes), *count};
}

}  // namespace

ScramKeysPtr MakeScramKeys(std::string_view password, std::string_view salt,
                           int iterations) {
  const Secret salted = Pbkdf2(password, salt, iterations);
  auto keys = std::make_shared<ScramKeys>();
  keys->salt = salt;
  keys->iterations = iterations;
  keys->client_key = HmacSha256(salted.Reveal(), "Client Key");
  keys->server_key = HmacSha256(salted.Reveal(), "Server Key");
  return keys;
}

ScramClient::ScramClient(ChannelBinding binding, std::string nonce,
                         ScramKeysPtr kept)
    : binding_(std::move(binding)),
      nonce_(std::move(nonce)),
      keys_(std::move(kept)) {}

std::string ScramClient::Gs2Header() const {
  if (binding_.used) return "p=tls-server-end-point,,";
  return binding_.server_end_point.empty() ? "n,," : "y,,";
}

// PostgreSQL takes the user from the startup packet and ignores this one.
std::string ScramClient::ClientFirst() const {
  return Gs2Header() + "n=,r=" + nonce_;
}

Result<std::string> ScramClient::OnServerFirst(std::string_view message,
                                               std::string_view password) {
  auto first = ReadServerFirst(message);
  if (!first) return Fail(std::move(first.error()));
  if (!first->nonce.starts_with(nonce_) ||
      first->nonce.size() == nonce_.size()) {
    return Fail(ErrorCode::kMalformed, "the server's SCRAM nonce is not ours");
  }
  if (!keys_ || keys_->salt != first->salt ||
      keys_->iterations != first->iterations) {
    keys_ = MakeScramKeys(password, first->salt, first->iterations);
  }
  std::string bound = Gs2Header();
  if (binding_.used) bound += binding_.server_end_point;
  std::string final = "c=" + Base64Encode(bound) + ",r=" + first->nonce;
  auth_message_ = "n=,r=" + nonce_ + "," + std::string(message) + "," + final;
  const Secret signature =
      HmacSha256(Sha256(keys_->client_key.Reveal()), auth_message_);
  const Secret proof = XorScram(keys_->client_key.Reveal(), signature.Reveal());
  return final + ",p=" + Base64Encode(proof.Reveal());
}

Status ScramClient::OnServerFinal(std::string_view message) const {
  if (message.size() > kMaxScramMessage || auth_message_.empty()) {
    return Fail(ErrorCode::kMalformed, "the server's SCRAM message is broken");
  }
  const auto verifier = TakeScram(message, 'v');
  const auto signature = verifier ? Base64Decode(*verifier) : std::nullopt;
  const Secret expected = HmacSha256(keys_->server_key.Reveal(), auth_message_);
  if (!signature || !expected.Equals(*signature)) {
    return Fail(ErrorCode::kUnauthenticated,
                "the server could not prove that it knows the password");
  }
  return {};
}

}  // namespace claviger::postgres

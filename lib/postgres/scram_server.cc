// SPDX-License-Identifier: Apache-2.0
#include "postgres/scram_server.h"

#include <utility>

#include "base/digest.h"
#include "postgres/crypto.h"
#include "postgres/scram_message.h"

namespace claviger::postgres {
namespace {

tl::unexpected<Error> Malformed() {
  return Fail(ErrorCode::kMalformed, "the client's SCRAM message is broken");
}

// No channel binding is offered, so a client that would have had one says "y".
bool IsHeader(std::string_view header) {
  return header == "n,," || header == "y,,";
}

}  // namespace

ScramVerifier MakeScramVerifier(std::string_view password,
                                std::string_view salt, int iterations) {
  const ScramKeysPtr keys = MakeScramKeys(password, salt, iterations);
  ScramVerifier verifier;
  verifier.salt = salt;
  verifier.iterations = iterations;
  verifier.stored_key = Sha256(keys->client_key.Reveal());
  verifier.server_key = keys->server_key.Clone();
  return verifier;
}

ScramServer::ScramServer(const ScramVerifier& verifier, std::string nonce)
    : verifier_(verifier), own_nonce_(std::move(nonce)) {}

Result<std::string> ScramServer::OnClientFirst(std::string_view message) {
  constexpr size_t kHeader = 3;
  if (message.size() > kMaxScramMessage || !client_first_.empty()) {
    return Malformed();
  }
  if (!IsHeader(message.substr(0, kHeader))) {
    return Fail(ErrorCode::kUnsupported,
                "channel binding and other users are not offered here");
  }
  gs2_header_ = message.substr(0, kHeader);
  message.remove_prefix(kHeader);
  client_first_ = message;
  const auto user = TakeScram(message, 'n');
  const auto nonce = TakeScram(message, 'r');
  if (!user || !nonce || nonce->empty()) return Malformed();
  nonce_ = std::string(*nonce) + own_nonce_;
  server_first_ = "r=" + nonce_ + ",s=" + Base64Encode(verifier_.salt) +
                  ",i=" + std::to_string(verifier_.iterations);
  return server_first_;
}

Result<std::string> ScramServer::OnClientFinal(std::string_view message) const {
  if (message.size() > kMaxScramMessage || server_first_.empty()) {
    return Malformed();
  }
  const size_t end = message.rfind(",p=");
  if (end == std::string_view::npos) return Malformed();
  const std::string without_proof(message.substr(0, end));
  const auto channel = TakeScram(message, 'c');
  const auto nonce = TakeScram(message, 'r');
  const auto proof = TakeScram(message, 'p');
  const auto bytes = proof ? Base64Decode(*proof) : std::nullopt;
  if (!channel || !nonce || !bytes || !message.empty()) return Malformed();
  const std::string auth_message =
      client_first_ + "," + server_first_ + "," + without_proof;
  const Secret signature = HmacSha256(verifier_.stored_key, auth_message);
  const Secret client_key = XorScram(signature.Reveal(), *bytes);
  const bool right =
      *channel == Base64Encode(gs2_header_) && *nonce == nonce_ &&
      !client_key.empty() &&
      Secret(Sha256(client_key.Reveal())).Equals(verifier_.stored_key);
  if (!right) {
    return Fail(ErrorCode::kUnauthenticated, "the password is another one");
  }
  return "v=" +
         Base64Encode(
             HmacSha256(verifier_.server_key.Reveal(), auth_message).Reveal());
}

}  // namespace claviger::postgres

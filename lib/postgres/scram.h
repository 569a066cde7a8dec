// SPDX-License-Identifier: Apache-2.0
//
// The client's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677)
// as PostgreSQL speaks it. The server may be hostile: every size is bounded,
// so is the work it can ask for, and only a server that proves to know the
// password's verifier is believed. Pure; not synchronised.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::postgres {

/// Fewer make guessing cheap for whoever pretends to be the server, more burn
/// the client's time.
inline constexpr int kMinScramIterations = 4'096;
inline constexpr int kMaxScramIterations = 100'000;

/// What a password comes to with one salt: worth keeping, since making it is
/// most of a login's work. As secret as the password. Immutable.
struct ScramKeys {
  std::string salt;
  int iterations = 0;
  Secret client_key;
  Secret server_key;
};
using ScramKeysPtr = std::shared_ptr<const ScramKeys>;

/// Outside ASCII the password is taken as it is: it has to be in the form that
/// SASLprep gives (NFKC), as keyboards and generators give it.
ScramKeysPtr MakeScramKeys(std::string_view password, std::string_view salt,
                           int iterations);

/// What the exchange is tied to.
struct ChannelBinding {
  /// tls-server-end-point: the hash of the server's certificate; empty without
  /// TLS.
  std::string server_end_point;
  /// SCRAM-SHA-256-PLUS was chosen. False with a hash: the server did not
  /// offer it, and is told that we would have, so that it notices when
  /// somebody in between took the offer away.
  bool used = false;
};

class ScramClient {
 public:
  /// `nonce` is printable ASCII without a comma, new for each login. `kept`
  /// may be null.
  ScramClient(ChannelBinding binding, std::string nonce, ScramKeysPtr kept);

  std::string ClientFirst() const;
  /// The client-final-message. kMalformed, kTooLarge (iterations), or
  /// kUnsupported (an extension). `password` is needed unless the kept keys
  /// fit.
  Result<std::string> OnServerFirst(std::string_view message,
                                    std::string_view password);
  /// kUnauthenticated where the server does not know the password, kMalformed.
  Status OnServerFinal(std::string_view message) const;

  /// What may be kept, once OnServerFirst was called.
  const ScramKeysPtr& keys() const { return keys_; }

 private:
  std::string Gs2Header() const;

  const ChannelBinding binding_;
  const std::string nonce_;
  ScramKeysPtr keys_;
  std::string auth_message_;
};

}  // namespace claviger::postgres

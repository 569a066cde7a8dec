// SPDX-License-Identifier: Apache-2.0
//
// The server's side of SCRAM-SHA-256, for clients that come over TCP and have
// to show the pod's secret: it never passes the loopback interface, where other
// containers of the pod may listen in. Pure; not synchronised.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/scram.h"

namespace claviger::postgres {

/// What the server keeps instead of the password.
struct ScramVerifier {
  std::string salt;
  int iterations = 0;
  std::string stored_key;
  Secret server_key;
};
ScramVerifier MakeScramVerifier(std::string_view password,
                                std::string_view salt, int iterations);

class ScramServer {
 public:
  /// `verifier` outlives the object; `nonce` is new for each login.
  ScramServer(const ScramVerifier& verifier, std::string nonce);

  /// The server-first-message; kMalformed, kUnsupported.
  Result<std::string> OnClientFirst(std::string_view message);
  /// The server-final-message; kUnauthenticated where the password is another
  /// one, kMalformed.
  Result<std::string> OnClientFinal(std::string_view message) const;

 private:
  const ScramVerifier& verifier_;
  const std::string own_nonce_;
  std::string gs2_header_;
  std::string client_first_;  // the bare one
  std::string server_first_;
  std::string nonce_;  // both of them
};

}  // namespace claviger::postgres

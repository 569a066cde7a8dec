// SPDX-License-Identifier: Apache-2.0
//
// How one Connection's server is reached and logged in at with one credential:
// worked out once, and used for every session until either changes. Holds the
// password. Loop's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "postgres/login.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/postgres/session_attributes.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy::pg {

struct ServerAddress {
  std::string host;
  uint16_t port = 0;
  std::string name = {};  // what the certificate has to name; `host` at first
};

/// Where an endpoint's servers are, in its order; `usual`: the port where none
/// is said.
std::vector<ServerAddress> AddressesOf(const access::ConnectionFacts& facts,
                                       uint16_t usual);

/// The part without a password, which a session keeps.
struct ServerRoute {
  std::vector<ServerAddress> addresses;  // tried in turn
  std::optional<TlsClient> tls;          // none: plaintext, as insecure allows
  model::VaultRef vault;                 // whose credential
  std::string slot;
};

struct ServerPlan {
  std::shared_ptr<const ServerRoute> route;
  postgres::Methods methods;
  postgres::Binding binding = postgres::Binding::kPrefer;
  SessionAttributes attributes = SessionAttributes::kAny;
  std::string user;
  Secret password;
  /// Of the last login; spares the next one the work.
  mutable postgres::ScramKeysPtr kept_keys;
};

/// kInvalidArgument for an endpoint or a credential that cannot be used,
/// kNotFound for a missing field.
Result<std::shared_ptr<const ServerPlan>> MakeServerPlan(const Permit& permit,
                                                         const Fields& fields);

}  // namespace claviger::sidecar::proxy::pg

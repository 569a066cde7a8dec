// SPDX-License-Identifier: Apache-2.0
//
// The port from the proxies to who decides: may this pod use the connection
// now, without seeing the secret, and with which credential. Asked anew for
// each request or session. Loop's thread only; never blocks; callbacks come on
// the loop's thread, possibly before the call returns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "access/binding.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/vault_ref.h"
#include "sidecar/api/problem.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar::proxy {

/// A yes, with what it is made of.
struct Permit {
  std::shared_ptr<const access::ConnectionFacts> facts;
  std::string slot;
  std::string caller;  // "sa/reports/nightly"
  model::VaultRef vault;
  /// One object as long as it is the same credential: compare the pointers to
  /// see a rotation, and keep what was made of it by them.
  std::shared_ptr<const Credential> credential;
  std::optional<Time> expires_at;   // of the credential
  std::optional<Time> valid_until;  // of the decision: ask again then
  int64_t generation = 0;           // of the bindings
  bool stale = false;               // Vault could not confirm it
  bool degraded = false;            // a slot further away than the first
};

/// The credential by our names: "username", "password", "token".
using Fields = std::map<std::string, Secret>;

class Access {
 public:
  using Answer = std::variant<Permit, Problem>;
  using Done = std::function<void(Answer)>;
  virtual ~Access() = default;

  /// Decides, and finds the credential in the cache or in Vault.
  virtual void Obtain(const model::ObjectRef& connection, Done done) = 0;

  /// The server refused the credential of `refused`: gives another one, as soon
  /// as Vault has one. Where it was replaced meanwhile that is the present one;
  /// else it is fetched anew, once however many ask, and not again within
  /// `intervals.reportFailed`. The problem CredentialRefused: there is no
  /// other.
  virtual void Replace(const Permit& refused, Done done) = 0;

  /// What Permit::credential holds; kNotFound for what is missing.
  virtual Result<Fields> FieldsOf(const Permit& permit) const = 0;
};

}  // namespace claviger::sidecar::proxy

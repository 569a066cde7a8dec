// SPDX-License-Identifier: Apache-2.0
//
// The port to Vault's engines: one read of one reference, and how long what it
// gave is good. What is done about that is the life cycle's
// (credentials/life_cycle.h). One file per engine beside this one; engines.h
// has the table. Used on the worker thread only; blocks as the Api does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/vault_ref.h"
#include "sidecar/credentials/life_cycle.h"
#include "vault/api.h"
#include "vault/lease.h"

namespace claviger::sidecar {

/// What an engine gave: fields by the company's or the engine's own names.
struct Credential {
  std::map<std::string, Secret> fields;
  /// KV v2: the version; rotated roles: when Vault rotated it last; else 0.
  int64_t version = 0;
  /// Vault's id of the request that it came with; empty: Vault gave none.
  std::string request_id = {};
};

/// Whether two reads gave the same secret, whatever their versions.
bool SameFields(const Credential& a, const Credential& b);

struct Obtained {
  Credential credential;
  life::Lifetime lifetime;
  std::string lease_id;  // empty: no lease
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// The Api's errors; kNotFound where there is nothing, kMalformed where what
  /// is there is no set of named texts.
  virtual Result<Obtained> Read(const model::VaultRef& ref,
                                const Secret& token) = 0;
};

/// The fields of a JSON object: texts, and numbers and booleans as they are
/// written. Others are left out.
Result<std::map<std::string, Secret>> FieldsOf(const Secret& json);

/// What such an answer is: a lease where it has one; without one, endless,
/// and worth comparing after its ttl.
Result<Obtained> ObtainedFrom(vault::Leased leased);

/// Gives the field `theirs` our name, too, where nothing has that name.
void AlsoAs(Credential& credential, std::string_view theirs,
            std::string_view ours);

/// The whole number in a field; `otherwise` where there is none.
int64_t NumberIn(const Credential& credential, std::string_view field,
                 int64_t otherwise);

}  // namespace claviger::sidecar

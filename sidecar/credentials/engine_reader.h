// SPDX-License-Identifier: Apache-2.0
//
// The port to Vault's engines: one read of one reference. An engine whose
// credentials end says when; what the cache does about it is the cache's.
// Implementations are used on the worker thread only and block.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "model/vault_ref.h"
#include "vault/api.h"

namespace claviger::sidecar {

/// What an engine gave: fields by the company's own names.
struct Credential {
  std::map<std::string, Secret> fields;
  int64_t version = 0;             // KV v2; 0 elsewhere
  std::optional<Time> expires_at;  // none: it has no end of its own
};

/// Whether two reads gave the same secret, whatever their versions.
bool SameFields(const Credential& a, const Credential& b);

class EngineReader {
 public:
  virtual ~EngineReader() = default;
  /// The Api's errors; kNotFound where there is nothing, kMalformed where what
  /// is there is no set of named texts.
  virtual Result<Credential> Read(const model::VaultRef& ref,
                                  const Secret& token) = 0;
};

/// KV version 1 and 2. `api` outlives the result.
std::unique_ptr<EngineReader> MakeKvReader(vault::Api& api);

/// The reader of each engine that this sidecar can read.
class EngineReaders {
 public:
  explicit EngineReaders(vault::Api& api);

  /// Null: this engine cannot be read (yet).
  EngineReader* Find(model::Engine engine) const;

 private:
  std::map<model::Engine, std::unique_ptr<EngineReader>> readers_;
};

}  // namespace claviger::sidecar

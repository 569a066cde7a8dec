// SPDX-License-Identifier: Apache-2.0
//
// `cachePartition`: a keyed hash of whose credential is used for what, so that
// an application that caches results keeps one cache per value and none leaks
// from one viewer to another. The key is the process's own: values mean
// nothing elsewhere. Immutable; thread-safe.
#pragma once

#include <string>

#include "access/binding.h"
#include "access/caller.h"
#include "base/random.h"
#include "base/secret.h"
#include "model/vault_ref.h"

namespace claviger::sidecar {

class CachePartitions {
 public:
  explicit CachePartitions(Random& random) : key_(random.Bytes(32)) {}

  /// 32 hex digits over connection (uid), slot, Vault reference and caller.
  std::string Of(const access::ConnectionFacts& connection,
                 const std::string& slot, const model::VaultRef& ref,
                 const access::Caller& caller) const;

 private:
  const Secret key_;
};

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// What one principal has in Vault, read afresh: nothing is written without
// having been read first. Plain values; blocking reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/bindings_entry.h"
#include "base/result.h"
#include "operator/store.h"
#include "operator/vault_names.h"

namespace claviger::op {

/// An entry as Vault holds it, keys sorted; version 0: absent.
struct ObservedEntry {
  std::string data;
  int64_t version = 0;
};

struct Observed {
  enum class Owner {
    kNobody,     // no entry
    kUs,         // an entry with our stamp
    kUnstamped,  // something without a stamp, or mangled by hand
    kForeign,    // an entry with another's stamp
  };
  Owner owner = Owner::kNobody;
  access::EntryLedger ledger;  // where it is ours
  ObservedEntry entry;
  std::vector<ObservedEntry> more_parts;  // from part 1, as many as it says
  std::optional<std::string> policy;
  std::optional<std::string> role;  // at the mount asked for
};

/// Reads everything under the principal's names. `auth_mount` empty: no role
/// is read. The Store's errors.
Result<Observed> Observe(Store& store, const access::EntryStamp& stamp,
                         const VaultNames& names,
                         const std::string& auth_mount);

/// Reads the first entry only, and says whose it is.
Result<Observed> ObserveOwner(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names);

/// Reads the bindings entries only, all parts.
Result<Observed> ObserveParts(Store& store, const access::EntryStamp& stamp,
                              const VaultNames& names);

/// The whole bindings document of an entry that is ours. kMalformed where the
/// parts do not belong together.
Result<std::vector<std::string>> PartsOf(const Observed& observed);

}  // namespace claviger::op

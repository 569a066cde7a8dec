// SPDX-License-Identifier: Apache-2.0
//
// What one principal has in Vault: read before anything is written, but for
// what is known without. Plain values; blocking reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/bindings_entry.h"
#include "base/result.h"
#include "operator/desired.h"
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
  bool put_off = false;             // policy and role are the entry's word only
};

/// A text by half of its digest, which nobody can find two texts for.
struct Fingerprint {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const Fingerprint&) const = default;
};

/// Policy and role, where they are known.
struct Rights {
  std::optional<Fingerprint> policy;
  std::optional<Fingerprint> role;
};
Rights RightsOf(const Desired& desired);

/// What is known without being read.
struct Known {
  bool nothing = false;  // nothing at all is there
  /// Policy and role are there. That they are what a matching entry says is
  /// believed for now (Observed::put_off).
  bool rights_exist = false;
  Rights rights = {};  // as this process last read or wrote them
};

/// Whatever is under the names of `desired`, as far as it is not known. A
/// policy known to differ is observed as an empty text. The Store's errors.
Result<Observed> Observe(Store& store, const access::EntryStamp& stamp,
                         const VaultNames& names, const Desired& desired,
                         const Known& known);

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

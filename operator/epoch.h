// SPDX-License-Identifier: Apache-2.0
//
// Whether the Vault at hand is the one that was written to last: one entry of
// the ledger with a count that goes up with every pass that wrote. A Vault
// restored from a snapshot holds another version of it, even where no call ever
// failed; and where the count is below one that is known of it, Vault went back
// in time, and what else is known is newer. Blocking; used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "operator/store.h"

namespace claviger::op {

class Epoch {
 public:
  enum class Finding {
    kSame,   // the one known here, or the first one seen
    kOther,  // whatever else is known of Vault may be wrong
    kOlder,  // that, and Vault went back; found until Advance
  };

  /// `known`: a count that Vault is known to have had, 0 for none. `store`
  /// outlives this object. Nothing is called yet.
  Epoch(Store& store, std::string cluster, int64_t known);

  /// Reads the entry. The Store's errors.
  Result<Finding> Check();

  /// Counts one more pass that wrote. kConflict where the entry is not the one
  /// known here; the Store's errors.
  Status Advance();

  /// The highest count that Vault is known to have had.
  int64_t count() const { return count_; }

 private:
  std::string TextOf(int64_t version) const;

  Store& store_;
  std::string cluster_;
  std::string path_;
  int64_t count_;
  std::optional<int64_t> version_;
};

}  // namespace claviger::op

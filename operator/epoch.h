// SPDX-License-Identifier: Apache-2.0
//
// Whether the Vault at hand is the one that was written to last: one entry of
// the ledger whose version goes up with every pass that wrote. A Vault restored
// from a snapshot holds an older one, even where no call ever failed. Blocking;
// used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "operator/store.h"

namespace claviger::op {

class Epoch {
 public:
  /// `store` outlives this object. Nothing is called yet.
  Epoch(Store& store, const std::string& cluster);

  /// Reads the entry. False where it is not the one known here: whatever else
  /// is known of Vault may be wrong. True the first time. The Store's errors.
  Result<bool> Check();

  /// Counts one more pass that wrote. kConflict where the entry is not the one
  /// known here; the Store's errors.
  Status Advance();

 private:
  Store& store_;
  std::string path_;
  std::string data_;
  std::optional<int64_t> version_;
};

}  // namespace claviger::op

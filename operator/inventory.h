// SPDX-License-Identifier: Apache-2.0
//
// Which objects there were, by namespace, kept in Vault: what the mass-delete
// brake compares a read with, across restarts too. Also which Vault paths they
// named, so that what is gone keeps its claims while the brake is on; what must
// hold on without its object; and tombstones. Plain values and blocking calls;
// one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "access/bindings_entry.h"
#include "base/result.h"
#include "base/time.h"
#include "model/objects.h"
#include "operator/pass_report.h"
#include "operator/store.h"

namespace claviger::op {

/// Where Groups are: they have no namespace.
inline constexpr std::string_view kClusterScope = "_cluster";

/// An object whose deletion was seen: should it come back with that uid and no
/// later generation, it comes from a backup.
struct Tombstone {
  int64_t generation = 0;
  Time since;
  bool operator==(const Tombstone&) const = default;
};

struct Inventory {
  std::set<std::string> objects;  // "Connection/warehouse/<uid>"
  std::set<std::string> paths;    // "secret/data/sales/warehouse"
  /// What of an object must go on holding (keepsake.h), by its line; only of
  /// sources that tell of deletions.
  std::map<std::string, std::string> kept;
  /// Gone, though nobody saw them deleted: lines of `kept`, not of `objects`.
  std::set<std::string> missing;
  std::map<std::string, Tombstone> ended;  // by uid

  bool operator==(const Inventory&) const = default;
  /// Whether it says the same of all objects of `some`.
  bool Holds(const Inventory& some) const;
  bool empty() const {
    return objects.empty() && paths.empty() && kept.empty() && ended.empty();
  }
};

/// By namespace, Groups under kClusterScope.
using Inventories = std::map<std::string, Inventory>;

Inventories TakeInventory(const model::Objects& objects);

/// The inventories in Vault.
class InventoryLedger {
 public:
  InventoryLedger(Store& store, std::string cluster);

  /// Reads all of them anew; where that fails, what was known stays. kConflict
  /// where an entry is not ours.
  Status Load();
  /// Whether they ever were.
  bool loaded() const { return loaded_; }
  const Inventories& known() const { return known_; }

  /// Makes one of them `inventory`; no call where it already is. An empty one
  /// is removed. kConflict where somebody else wrote (Load, then try again).
  Status Put(const std::string& ns, const Inventory& inventory,
             std::vector<Change>& changes);

 private:
  using Versions = std::vector<int64_t>;

  Status LoadAll();
  Status LoadOne(const std::string& ns);
  std::string PathOf(const std::string& ns, size_t part) const;

  Store& store_;
  std::string cluster_;
  bool loaded_ = false;
  Inventories known_;
  std::map<std::string, Versions> versions_;  // by namespace, of its parts
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// Which objects there were, by namespace, kept in Vault: what the mass-delete
// brake compares a read with, across restarts too. Also which Vault paths they
// named, so that what is gone keeps its claims while the brake is on. Plain
// values and blocking calls; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "access/bindings_entry.h"
#include "base/result.h"
#include "model/objects.h"
#include "operator/pass_report.h"
#include "operator/store.h"

namespace claviger::op {

/// Where Groups are: they have no namespace.
inline constexpr std::string_view kClusterScope = "_cluster";

struct Inventory {
  std::set<std::string> objects;  // "Connection/warehouse/<uid>"
  std::set<std::string> paths;    // "secret/data/sales/warehouse"

  bool operator==(const Inventory&) const = default;
  bool empty() const { return objects.empty() && paths.empty(); }
};

/// By namespace, Groups under kClusterScope.
using Inventories = std::map<std::string, Inventory>;

Inventories TakeInventory(const model::Objects& objects);

/// The inventories in Vault.
class InventoryLedger {
 public:
  InventoryLedger(Store& store, std::string cluster);

  /// Reads all of them anew. kConflict where an entry is not ours.
  Status Load();
  const Inventories& known() const { return known_; }

  /// Makes one of them `inventory`; no call where it already is. An empty one
  /// is removed. kConflict where somebody else wrote (Load, then try again).
  Status Put(const std::string& ns, const Inventory& inventory,
             std::vector<Change>& changes);

 private:
  using Versions = std::vector<int64_t>;

  Status LoadOne(const std::string& ns);
  std::string PathOf(const std::string& ns, size_t part) const;

  Store& store_;
  std::string cluster_;
  Inventories known_;
  std::map<std::string, Versions> versions_;  // by namespace, of its parts
};

}  // namespace claviger::op

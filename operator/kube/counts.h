// SPDX-License-Identifier: Apache-2.0
//
// The counts that a status shows: how many Grants name a Connection, how many
// principals can use it, how many members a Group has and how deep it nests.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "access/compile.h"
#include "access/snapshot.h"
#include "base/time.h"

namespace claviger::op {

struct ConnectionCounts {
  int64_t grants = 0;
  /// Service accounts and users known by name that may use it at that time.
  int64_t principals = 0;
};

/// By principal, what gives it nothing for want of room; not those who have
/// room for everything.
using OverBudget = std::map<access::Principal, std::vector<access::SourceName>>;

struct AccessCounts {
  std::vector<ConnectionCounts> connections;  // by the snapshot's index
  OverBudget over_budget;
};
AccessCounts CountAccess(const access::Snapshot& snapshot,
                         const access::Compiler& compiler, Time now);

struct GroupCounts {
  /// Users, service accounts and namespaces, nested ones included, each once.
  int64_t members = 0;
  int64_t depth = 0;  // levels of groups nested in it
};

/// By the snapshot's index of groups.
std::vector<GroupCounts> CountGroups(const access::Snapshot& snapshot);

}  // namespace claviger::op

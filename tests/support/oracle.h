// SPDX-License-Identifier: Apache-2.0
//
// A second reading of the resolution rules, against which lib/access is
// judged: straight from the text by brute force (every path through the groups
// walked, every object looked at for every question), without indexes and
// without any of lib/access' functions. Slow and meant to be obvious. Pure.
//
// It assumes the settings that a run without configuration has: every mount but
// the reserved ones may be named, by any namespace, and any namespace may share
// with the organization.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/caller.h"
#include "access/decision.h"
#include "model/objects.h"

namespace claviger::testing {

struct OracleAnswer {
  access::Reason reason = access::Reason::kNotVisible;
  /// Step 1: refused by the workload gate (reason is then kNotVisible).
  bool gated = false;
  // When allowed:
  std::string slot;
  std::optional<int> depth;
  std::optional<model::VaultRef> vault;
  /// When ambiguous: between which, sorted.
  std::vector<std::string> slots;
  /// Step 9, for every known connection.
  std::optional<Time> valid_until;
};

/// The groups of one caller by name (step 2).
struct OracleGroups {
  std::map<std::string, int> allow;  // with the nearest depth
  std::set<std::string> deny;
};
OracleGroups GroupsOf(const model::Objects& objects,
                      const access::Caller& caller);

/// Steps 0 to 9.
OracleAnswer Oracle(const model::Objects& objects, const access::Caller& caller,
                    const model::ObjectRef& connection,
                    const access::Question& question, Time now);
/// The same, with the groups worked out before, for many questions of a caller.
OracleAnswer Oracle(const model::Objects& objects, const access::Caller& caller,
                    const OracleGroups& groups,
                    const model::ObjectRef& connection,
                    const access::Question& question, Time now);

/// What step 4 leaves: implied privileges in, denied ones out.
model::PrivilegeSet OraclePrivileges(const model::Objects& objects,
                                     const access::Caller& caller,
                                     const model::ObjectRef& connection,
                                     Time now);

/// Whether an object is refused, by itself or (claims on paths, reserved
/// mounts, provider rules) because of what it names.
bool OracleRefuses(const model::Objects& objects,
                   const model::Connection& connection);
bool OracleRefuses(const model::Objects& objects, const model::Grant& grant);

}  // namespace claviger::testing

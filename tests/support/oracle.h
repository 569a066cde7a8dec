// SPDX-License-Identifier: Apache-2.0
//
// A second reading of the resolution rules, against which lib/access is
// judged: straight from the text by brute force (every path through the groups
// walked, every object looked at for every question), without indexes and
// without any of lib/access' functions but the fingerprint of an endpoint. Slow
// and meant to be obvious. Pure.
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
  /// Step 9, worked out for every known connection.
  std::optional<Time> valid_until;
};

/// The groups of one caller by name (step 2).
struct OracleGroups {
  std::map<std::string, int> allow;  // with the nearest depth
  std::set<std::string> deny;
};
OracleGroups GroupsOf(const model::Objects& objects,
                      const access::Caller& caller);

/// What the objects say, whoever asks. Points into `objects`.
struct OracleObjects {
  explicit OracleObjects(const model::Objects& all);

  const model::Objects& objects;
  /// Refused, by themselves or (claims on paths, reserved mounts, provider
  /// rules, an invalid Deny) because of others.
  std::set<model::ObjectRef> not_ready;
  /// The Grants that are neither refused nor inert.
  std::vector<const model::Grant*> grants;
  /// The API paths that some slot or connection, active or not, valid or not,
  /// says are server-side only.
  std::set<std::string> server_side_only;
};

/// Steps 0 to 9.
OracleAnswer Oracle(const model::Objects& objects, const access::Caller& caller,
                    const model::ObjectRef& connection,
                    const access::Question& question, Time now);
/// The same, for many questions of one caller.
OracleAnswer Oracle(const OracleObjects& objects, const OracleGroups& groups,
                    const access::Caller& caller,
                    const model::ObjectRef& connection,
                    const access::Question& question, Time now);

/// What step 4 leaves: implied privileges in, denied ones out.
model::PrivilegeSet OraclePrivileges(const model::Objects& objects,
                                     const access::Caller& caller,
                                     const model::ObjectRef& connection,
                                     Time now);

/// The API paths of the credentials that some delivery and some hint would give
/// the caller, carried by itself, with a personal credential stored or not.
std::set<std::string> OraclePaths(const model::Objects& objects,
                                  const access::Caller& caller, Time now);

/// The uids of the connections on which the account, carried by itself, would
/// be given its own credential if it had stored one, whether or not that may
/// then leave the sidecar.
std::set<std::string> OraclePersonal(const model::Objects& objects,
                                     const model::ObjectRef& account, Time now);

/// As the catalogue says, for the providers of random worlds.
bool OracleHasInjector(const std::string& provider);

}  // namespace claviger::testing

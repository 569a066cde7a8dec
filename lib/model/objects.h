// SPDX-License-Identifier: Apache-2.0
//
// What a source of objects gave in one complete read: the decoded objects, the
// service accounts seen beside them, and every problem met. A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/connection.h"
#include "model/grant.h"
#include "model/group.h"

namespace claviger::model {

/// A Deny (or unreadable) Grant that could not be decoded, but whose
/// Connection is known: that Connection is NotReady, so that a Deny is never
/// lost to a typing error.
struct BrokenDeny {
  std::string grant;  // its name, as far as known
  ObjectRef connection;
  Location location;
};

/// An object whose deletion was seen: its absence is explained.
struct Ended {
  std::string kind;  // "Connection", "Grant", "Group"
  ObjectRef ref;     // no namespace for a Group
  std::string uid;
  /// The last generation that it can have been in force with.
  int64_t generation = 0;
  bool operator==(const Ended&) const = default;
};
/// Of an object as it was last seen. Being marked for deletion counts as a
/// generation at the API server; that one was never in force.
Ended EndedOf(std::string_view kind, const Metadata& metadata);

struct Objects {
  std::vector<Connection> connections;
  std::vector<Grant> grants;
  std::vector<Group> groups;
  /// ServiceAccount objects, and those of Pods labelled for injection.
  std::vector<ObjectRef> service_accounts;
  /// The uids of ServiceAccounts, where the source knows them: of more than the
  /// above, or of fewer.
  std::map<ObjectRef, std::string> account_uids;
  std::vector<BrokenDeny> broken_denies;
  /// Groups of which something was read, but not whom they hold.
  std::vector<std::string> broken_groups;
  std::vector<Problem> problems;
  /// Not among the above: those whose deletion was seen, for as long as the
  /// source remembers them.
  std::vector<Ended> ended;
  /// False when part of the source could not be read (a syntax error, an
  /// unreadable file): absence then proves nothing, so nothing is deleted.
  bool complete = true;
  /// True where the source tells of deletions (`ended`), as the Kubernetes API
  /// does: an object that is gone without that is missing, not deleted.
  bool explains_deletions = false;
};

}  // namespace claviger::model

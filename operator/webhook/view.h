// SPDX-License-Identifier: Apache-2.0
//
// A snapshot of the objects as the webhook looks at it: beside the snapshot
// itself, who names which Vault path, and what gives a Group something. Built
// once per snapshot, so that a review costs no walk over all objects.
// Immutable and thread-safe once built.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/snapshot.h"

namespace claviger::op::webhook {

/// An object that names a Vault path: a Connection by its default slot, or a
/// Grant on it.
struct Naming {
  int connection = 0;
  int grant = -1;  // -1: the Connection itself
};

/// What being a member of a Group gives, or would give if there were one.
struct GroupUses {
  std::vector<int> connections;  // by sharing, ownership or an Allow Grant
  std::vector<int> groups;       // that have it as a member, or as an admin
};

class View {
 public:
  explicit View(std::shared_ptr<const access::Snapshot> snapshot);

  const access::Snapshot& snapshot() const { return *snapshot_; }

  /// The typed objects; null where the snapshot has none of that name.
  const model::Connection* FindConnection(const model::ObjectRef& ref) const;
  const model::Grant* FindGrant(const model::ObjectRef& ref) const;
  const model::Group* FindGroup(std::string_view name) const;

  /// Who names an API path with a right to: what is refused as PathNotAllowed
  /// or PathClaimed is left out, and so is what nobody stands behind since its
  /// Connection was made anew.
  const std::vector<Naming>& NamingsOf(const std::string& api_path) const;
  /// Grants with credentials on a Connection, also on one that is not there.
  const std::vector<int>& CredentialsOn(const model::ObjectRef& ref) const;
  const GroupUses& UsesOf(const std::string& group) const;

 private:
  void IndexConnections();
  void IndexGrants();
  void IndexGroups();

  std::shared_ptr<const access::Snapshot> snapshot_;
  std::unordered_map<std::string, std::vector<Naming>> namings_;
  std::map<model::ObjectRef, std::vector<int>> credentials_;
  std::map<model::ObjectRef, int> grants_;
  std::unordered_map<std::string, GroupUses> uses_;
};

}  // namespace claviger::op::webhook

// SPDX-License-Identifier: Apache-2.0
#include "access/viewer.h"

#include <algorithm>
#include <utility>

namespace claviger::access {
namespace {

bool SharedWith(const Snapshot& snapshot, const Viewer& viewer, int index) {
  const model::Sharing& sharing =
      snapshot.connections()[static_cast<size_t>(index)].sharing;
  const NamedRange groups = snapshot.row(index).sharing_groups;
  switch (sharing.mode) {
    case model::SharingMode::kPrivate:
      return false;
    case model::SharingMode::kGroups:
      return viewer.MatchForAllow(groups).matches;
    case model::SharingMode::kOrganization:
    case model::SharingMode::kViewerCredentials:
      if (sharing.groups.empty()) return snapshot.organization_allowed(index);
      return viewer.MatchForAllow(groups).matches;
  }
  return false;
}

std::vector<int> DepthsOf(const GroupGraph& graph,
                          const std::vector<Reached>& groups) {
  std::vector<int> depths(static_cast<size_t>(graph.size()), 0);
  for (const Reached& reached : groups) {
    depths[static_cast<size_t>(reached.group)] = reached.depth;
  }
  return depths;
}

}  // namespace

Viewer::Viewer(const Snapshot& snapshot, int self, Membership membership)
    : self_(self),
      membership_(std::move(membership)),
      allow_depth_(DepthsOf(snapshot.graph(), membership_.allow)),
      deny_depth_(DepthsOf(snapshot.graph(), membership_.deny)) {}

Viewer::Viewer(const Snapshot& snapshot) : Viewer(snapshot, -1, Membership()) {}

Viewer::Viewer(const Snapshot& snapshot, const Caller& caller)
    : Viewer(snapshot, snapshot.names().Find(caller),
             snapshot.graph().Of(caller)) {}

Viewer::Viewer(const Snapshot& snapshot, GroupIndex group)
    : Viewer(snapshot, -1, snapshot.graph().OfMemberOf(group)) {}

Viewer::Nearness Viewer::Match(NamedRange subjects,
                               const std::vector<int>& depths) const {
  Nearness found;
  for (const Named& named : subjects) {
    int depth = 0;
    switch (named.kind) {
      case Named::Kind::kCaller:
        if (named.id != self_) continue;
        break;
      case Named::Kind::kGroup:
        depth = depths[static_cast<size_t>(named.id)];
        if (depth == 0) continue;
        break;
      case Named::Kind::kEveryone:
        found.matches = true;
        continue;
    }
    found.matches = true;
    found.depth = std::min(found.depth.value_or(depth), depth);
  }
  return found;
}

std::vector<int> InertFor(const Snapshot& snapshot, const Viewer& viewer,
                          int connection) {
  std::vector<int> inert;
  for (const Snapshot::GrantRow& row : snapshot.row(connection).inert) {
    if (viewer.MatchForAllow(row.subjects).matches) inert.push_back(row.grant);
  }
  return inert;
}

Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection) {
  const Snapshot::ConnectionRow& row = snapshot.row(connection);
  Binding binding;
  binding.facts = snapshot.facts(connection);
  binding.owner = viewer.MatchForAllow(row.owner).matches;
  binding.shared = SharedWith(snapshot, viewer, connection);
  for (const Snapshot::GrantRow& grant_row : row.grants) {
    const Viewer::Nearness found =
        grant_row.denies ? viewer.MatchForDeny(grant_row.subjects)
                         : viewer.MatchForAllow(grant_row.subjects);
    if (!found.matches) continue;
    if (!found.depth && !grant_row.denies &&
        !snapshot.organization_allowed(connection)) {
      continue;
    }
    const model::Grant& grant =
        snapshot.grants()[static_cast<size_t>(grant_row.grant)];
    binding.grants.push_back({grant.metadata.name, grant.effect,
                              grant.privileges, found.depth, grant.window,
                              snapshot.slot_of(grant_row.grant)});
  }
  return binding;
}

std::optional<Binding> Project(const Snapshot& snapshot, const Caller& caller,
                               const model::ObjectRef& connection) {
  const int index = snapshot.Find(connection);
  if (index < 0) return std::nullopt;
  return ProjectFor(snapshot, Viewer(snapshot, caller), index);
}

}  // namespace claviger::access

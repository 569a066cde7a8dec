// SPDX-License-Identifier: Apache-2.0
#include "access/viewer.h"

#include <algorithm>
#include <utility>

namespace claviger::access {
namespace {

// Whom the sharing mode names; nobody where that is nobody, or everybody.
bool SharedByName(const Snapshot& snapshot, const Viewer& viewer, int index) {
  const model::Sharing& sharing =
      snapshot.connections()[static_cast<size_t>(index)].sharing;
  return sharing.mode != model::SharingMode::kPrivate &&
         viewer.MatchForAllow(snapshot.row(index).sharing_groups).matches();
}

bool SharedWithAll(const Snapshot& snapshot, int index) {
  return snapshot.openness().SharingCounts(index) &&
         SharesWithAll(snapshot.connections()[static_cast<size_t>(index)]);
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

Viewer::Viewer(const Snapshot& snapshot, const Caller& caller, Bound bound)
    : Viewer(snapshot, snapshot.names().Find(caller),
             snapshot.graph().Of(caller)) {
  if (caller.kind == Caller::Kind::kServiceAccount) {
    account_ = model::ObjectRef{caller.ns, caller.name};
  }
  if (bound == Bound::kBudget && MayExceed(snapshot)) {
    over_budget_ = snapshot.OverBudget(Sources(snapshot));
  }
}

Viewer::Viewer(const Snapshot& snapshot, GroupIndex group)
    : Viewer(snapshot, -1, snapshot.graph().OfMemberOf(group)) {
  if (MayExceed(snapshot)) {
    over_budget_ = snapshot.OverBudget(Sources(snapshot));
  }
}

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
        found.everyone = true;
        continue;
    }
    found.depth = std::min(found.depth.value_or(depth), depth);
  }
  return found;
}

std::vector<int> Viewer::Touching(const Snapshot& snapshot) const {
  std::vector<int> touching;
  const auto append = [&touching](const Snapshot::Mentions& mentions) {
    touching.insert(touching.end(), mentions.connections.begin(),
                    mentions.connections.end());
  };
  if (self_ >= 0) append(snapshot.of_caller(self_));
  // What permits is a subset of what denies, but for a claim group's own name
  // both are looked at.
  for (const auto* reached : {&membership_.allow, &membership_.deny}) {
    for (const Reached& group : *reached)
      append(snapshot.of_group(group.group));
  }
  std::sort(touching.begin(), touching.end());
  touching.erase(std::unique(touching.begin(), touching.end()), touching.end());
  return touching;
}

// By counts that are there already, and never too low: nearly everybody is far
// below the budget, and need not be looked at more closely.
bool Viewer::MayExceed(const Snapshot& snapshot) const {
  int sources = 0;
  size_t connections = 0;
  const auto add = [&](const Snapshot::Mentions& mentions) {
    sources += mentions.sources;
    connections += mentions.connections.size();
  };
  if (self_ >= 0) add(snapshot.of_caller(self_));
  for (const Reached& group : membership_.allow) {
    add(snapshot.of_group(group.group));
  }
  const Budgets& budgets = snapshot.budgets();
  return sources > budgets.slots ||
         (connections > static_cast<size_t>(budgets.namespaces) &&
          snapshot.namespaces() > budgets.namespaces);
}

// What gives the viewer access by its name or a group's. Everyone's has a
// budget of its own, and what an account may not carry takes none of its room.
std::vector<Source> Viewer::Sources(const Snapshot& snapshot) const {
  std::vector<Source> sources;
  for (const int connection : Touching(snapshot)) {
    if (account_ && !GateAdmits(*snapshot.facts(connection), *account_)) {
      continue;
    }
    const Snapshot::ConnectionRow& row = snapshot.row(connection);
    if (MatchForAllow(row.owner).depth ||
        SharedByName(snapshot, *this, connection)) {
      sources.push_back({connection});
    }
    for (const Snapshot::GrantRow& grant : row.grants) {
      if (!grant.denies && MatchForAllow(grant.subjects).depth) {
        sources.push_back({connection, grant.grant});
      }
    }
  }
  return sources;
}

bool Viewer::IsOverBudget(const Source& source) const {
  return !over_budget_.empty() &&
         std::binary_search(over_budget_.begin(), over_budget_.end(), source);
}

std::vector<Viewer> DocumentsOf(const Snapshot& snapshot, const Caller& caller,
                                Viewer whole) {
  std::vector<Viewer> viewers;
  if (whole.over_budget().empty() || caller.claims.empty()) {
    viewers.push_back(std::move(whole));
    return viewers;
  }
  viewers.emplace_back(snapshot, Caller::User(caller.name));
  for (const GroupIndex group : snapshot.graph().ByClaims(caller.claims)) {
    viewers.emplace_back(snapshot, group);
  }
  return viewers;
}

std::vector<int> InertFor(const Snapshot& snapshot, const Viewer& viewer,
                          int connection) {
  std::vector<int> inert;
  for (const Snapshot::GrantRow& row : snapshot.row(connection).inert) {
    if (viewer.MatchForAllow(row.subjects).matches())
      inert.push_back(row.grant);
  }
  return inert;
}

Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection) {
  const Snapshot::ConnectionRow& row = snapshot.row(connection);
  const bool by_name = !viewer.IsOverBudget({connection});
  Binding binding;
  binding.facts = snapshot.facts(connection);
  binding.owner = by_name && viewer.MatchForAllow(row.owner).matches();
  binding.shared = SharedWithAll(snapshot, connection) ||
                   (by_name && SharedByName(snapshot, viewer, connection));
  for (const Snapshot::GrantRow& grant_row : row.grants) {
    const int index = grant_row.grant;
    Viewer::Nearness found = grant_row.denies
                                 ? viewer.MatchForDeny(grant_row.subjects)
                                 : viewer.MatchForAllow(grant_row.subjects);
    if (!grant_row.denies) {
      if (viewer.IsOverBudget({connection, index})) found.depth.reset();
      if (!snapshot.openness().GrantCounts(index)) found.everyone = false;
    }
    if (!found.matches()) continue;
    const model::Grant& grant = snapshot.grants()[static_cast<size_t>(index)];
    binding.grants.push_back({grant.metadata.name, grant.effect,
                              grant.privileges, found.depth, grant.window,
                              snapshot.slot_of(index)});
  }
  return binding;
}

Binding ProjectFor(const Snapshot& snapshot, const std::vector<Viewer>& viewers,
                   int connection) {
  Binding binding = ProjectFor(snapshot, viewers.front(), connection);
  for (size_t i = 1; i < viewers.size(); ++i) {
    Merge(binding, ProjectFor(snapshot, viewers[i], connection));
  }
  return binding;
}

std::optional<Binding> Project(const Snapshot& snapshot, const Caller& caller,
                               const model::ObjectRef& connection) {
  const int index = snapshot.Find(connection);
  if (index < 0) return std::nullopt;
  return ProjectFor(
      snapshot, DocumentsOf(snapshot, caller, Viewer(snapshot, caller)), index);
}

std::optional<Binding> ProjectUnbounded(const Snapshot& snapshot,
                                        const Caller& caller,
                                        const model::ObjectRef& connection) {
  const int index = snapshot.Find(connection);
  if (index < 0) return std::nullopt;
  return ProjectFor(snapshot, Viewer(snapshot, caller, Viewer::Bound::kNone),
                    index);
}

}  // namespace claviger::access

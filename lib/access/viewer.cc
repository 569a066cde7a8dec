// SPDX-License-Identifier: Apache-2.0
#include "access/viewer.h"

#include <algorithm>

namespace claviger::access {
namespace {

using model::Effect;
using model::Subject;
using model::SubjectKind;

bool OwnedBy(const Viewer& viewer, const model::Connection& connection) {
  return connection.owner &&
         viewer.Match({*connection.owner}, Effect::kAllow).matches;
}

bool SharedWith(const Snapshot& snapshot, const Viewer& viewer, int index) {
  const model::Sharing& sharing =
      snapshot.connections()[static_cast<size_t>(index)].sharing;
  const auto in_one = [&] {
    return std::any_of(
        sharing.groups.begin(), sharing.groups.end(),
        [&](const std::string& group) { return viewer.InGroup(group); });
  };
  switch (sharing.mode) {
    case model::SharingMode::kPrivate:
      return false;
    case model::SharingMode::kGroups:
      return in_one();
    case model::SharingMode::kOrganization:
    case model::SharingMode::kViewerCredentials:
      if (!sharing.groups.empty()) return in_one();
      return snapshot.organization_allowed(index);
  }
  return false;
}

}  // namespace

Viewer::Viewer(const GroupGraph& graph) : graph_(graph) { IndexDepths(); }

Viewer::Viewer(const GroupGraph& graph, const Caller& caller)
    : graph_(graph), self_(caller), membership_(graph.Of(caller)) {
  IndexDepths();
}

Viewer::Viewer(const GroupGraph& graph, GroupIndex group)
    : graph_(graph), membership_(graph.OfMemberOf(group)) {
  IndexDepths();
}

void Viewer::IndexDepths() {
  allow_depth_.assign(static_cast<size_t>(graph_.size()), 0);
  deny_depth_ = allow_depth_;
  for (const Reached& reached : membership_.allow) {
    allow_depth_[static_cast<size_t>(reached.group)] = reached.depth;
  }
  for (const Reached& reached : membership_.deny) {
    deny_depth_[static_cast<size_t>(reached.group)] = reached.depth;
  }
}

int Viewer::DepthOf(const std::vector<int>& depths,
                    const std::string& group) const {
  const GroupIndex index = graph_.Find(group);
  return index < 0 ? 0 : depths[static_cast<size_t>(index)];
}

bool Viewer::InGroup(const std::string& group) const {
  return DepthOf(allow_depth_, group) > 0;
}

bool Viewer::IsSelf(const Subject& subject) const {
  if (!self_ || subject.name != self_->name) return false;
  if (subject.kind == SubjectKind::kUser) {
    return self_->kind == Caller::Kind::kUser;
  }
  return self_->kind == Caller::Kind::kServiceAccount &&
         subject.ns == self_->ns;
}

Viewer::Nearness Viewer::Match(const std::vector<Subject>& subjects,
                               Effect effect) const {
  const std::vector<int>& depths =
      effect == Effect::kAllow ? allow_depth_ : deny_depth_;
  Nearness found;
  for (const Subject& subject : subjects) {
    int depth = 0;
    switch (subject.kind) {
      case SubjectKind::kUser:
      case SubjectKind::kServiceAccount:
        if (!IsSelf(subject)) continue;
        break;
      case SubjectKind::kGroup:
        depth = DepthOf(depths, subject.name);
        if (depth == 0) continue;
        break;
      case SubjectKind::kEveryone:
        found.matches = true;
        continue;
      case SubjectKind::kNamespace:
        continue;  // a member of Groups only, never a Grant's subject
    }
    found.matches = true;
    found.depth = std::min(found.depth.value_or(depth), depth);
  }
  return found;
}

Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection) {
  Binding binding;
  binding.facts = snapshot.facts(connection);
  binding.owner =
      OwnedBy(viewer, snapshot.connections()[static_cast<size_t>(connection)]);
  binding.shared = SharedWith(snapshot, viewer, connection);
  for (const int index : snapshot.grants_of(connection)) {
    const model::Grant& grant = snapshot.grants()[static_cast<size_t>(index)];
    const Viewer::Nearness found = viewer.Match(grant.subjects, grant.effect);
    if (!found.matches) continue;
    if (!found.depth && grant.effect == Effect::kAllow &&
        !snapshot.organization_allowed(connection)) {
      continue;
    }
    binding.grants.push_back({grant.metadata.name, grant.effect,
                              grant.privileges, found.depth, grant.window,
                              snapshot.slot_of(index)});
  }
  return binding;
}

std::optional<Binding> Project(const Snapshot& snapshot, const Caller& caller,
                               const model::ObjectRef& connection) {
  const int index = snapshot.Find(connection);
  if (index < 0) return std::nullopt;
  return ProjectFor(snapshot, Viewer(snapshot.graph(), caller), index);
}

}  // namespace claviger::access

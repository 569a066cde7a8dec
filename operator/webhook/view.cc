// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/view.h"

#include <utility>

#include "access/consent.h"

namespace claviger::op::webhook {
namespace {

using model::SubjectKind;

bool HoldsClaim(const std::optional<model::Refusal>& refused) {
  return !refused || (refused->reason != "PathNotAllowed" &&
                      refused->reason != "PathClaimed");
}

template <typename Map, typename Key>
const auto& FindOrEmpty(const Map& map, const Key& key) {
  static const typename Map::mapped_type kEmpty;
  const auto found = map.find(key);
  return found == map.end() ? kEmpty : found->second;
}

}  // namespace

View::View(std::shared_ptr<const access::Snapshot> snapshot)
    : snapshot_(std::move(snapshot)) {
  IndexConnections();
  IndexGrants();
  IndexGroups();
}

void View::IndexConnections() {
  const auto& connections = snapshot_->connections();
  for (size_t i = 0; i < connections.size(); ++i) {
    const model::Connection& connection = connections[i];
    const int index = static_cast<int>(i);
    for (const std::string& group : connection.sharing.groups) {
      uses_[group].connections.push_back(index);
    }
    if (connection.owner && connection.owner->kind == SubjectKind::kGroup) {
      uses_[connection.owner->name].connections.push_back(index);
    }
    const auto& slot = connection.credentials.default_slot;
    if (slot && HoldsClaim(connection.refused)) {
      namings_[ApiPath(slot->vault)].push_back({index, -1});
    }
  }
}

void View::IndexGrants() {
  const auto& grants = snapshot_->grants();
  for (size_t i = 0; i < grants.size(); ++i) {
    const model::Grant& grant = grants[i];
    const int index = static_cast<int>(i);
    grants_.emplace(model::ObjectRef{grant.metadata.ns, grant.metadata.name},
                    index);
    const int connection = snapshot_->Find(grant.connection_ref());
    if (grant.credential) {
      credentials_[grant.connection_ref()].push_back(index);
    }
    if (connection < 0) continue;
    if (grant.credential && HoldsClaim(grant.refused) &&
        access::KeepsClaims(grant)) {
      namings_[ApiPath(grant.credential->vault)].push_back({connection, index});
    }
    if (grant.effect == model::Effect::kDeny) continue;
    for (const model::Subject& subject : grant.subjects) {
      if (subject.kind != SubjectKind::kGroup) continue;
      uses_[subject.name].connections.push_back(connection);
    }
  }
}

void View::IndexGroups() {
  const auto& groups = snapshot_->groups();
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const auto* subjects : {&groups[i].members, &groups[i].admins}) {
      for (const model::Subject& subject : *subjects) {
        if (subject.kind != SubjectKind::kGroup) continue;
        uses_[subject.name].groups.push_back(static_cast<int>(i));
      }
    }
  }
}

const model::Connection* View::FindConnection(
    const model::ObjectRef& ref) const {
  const int index = snapshot_->Find(ref);
  return index < 0 ? nullptr
                   : &snapshot_->connections()[static_cast<size_t>(index)];
}

const model::Grant* View::FindGrant(const model::ObjectRef& ref) const {
  const auto found = grants_.find(ref);
  return found == grants_.end()
             ? nullptr
             : &snapshot_->grants()[static_cast<size_t>(found->second)];
}

const model::Group* View::FindGroup(std::string_view name) const {
  const access::GroupIndex index = snapshot_->graph().Find(name);
  return index < 0 ? nullptr : &snapshot_->groups()[static_cast<size_t>(index)];
}

const std::vector<Naming>& View::NamingsOf(const std::string& api_path) const {
  return FindOrEmpty(namings_, api_path);
}

const std::vector<int>& View::CredentialsOn(const model::ObjectRef& ref) const {
  return FindOrEmpty(credentials_, ref);
}

const GroupUses& View::UsesOf(const std::string& group) const {
  return FindOrEmpty(uses_, group);
}

}  // namespace claviger::op::webhook

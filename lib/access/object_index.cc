// SPDX-License-Identifier: Apache-2.0
#include "access/object_index.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>

namespace claviger::access {
namespace {

using model::Connection;
using model::Grant;
using model::Group;
using model::ObjectRef;
using model::Subject;
using model::SubjectKind;

constexpr std::string_view kAccount = "sa/";
constexpr std::string_view kUser = "user/";
constexpr std::string_view kGroup = "group/";

std::string AccountKey(const std::string& ns, const std::string& name) {
  return std::string(kAccount) + ns + "/" + name;
}

void AddName(const Subject& subject, std::set<std::string>& names) {
  switch (subject.kind) {
    case SubjectKind::kServiceAccount:
      names.insert(AccountKey(subject.ns, subject.name));
      return;
    case SubjectKind::kUser:
      names.insert(std::string(kUser) + subject.name);
      return;
    case SubjectKind::kGroup:
      names.insert(std::string(kGroup) + subject.name);
      return;
    case SubjectKind::kNamespace:  // a member of Groups only
    case SubjectKind::kEveryone:   // see IsOpen
      return;
  }
}

template <typename Slot>
std::set<std::string> NamesOf(const Slot& slot) {
  std::set<std::string> names;
  if (slot.connection) {
    if (slot.connection->owner) AddName(*slot.connection->owner, names);
    for (const std::string& group : slot.connection->sharing.groups) {
      names.insert(std::string(kGroup) + group);
    }
  }
  for (const auto& [name, grant] : slot.grants) {
    for (const Subject& subject : grant->subjects) AddName(subject, names);
  }
  return names;
}

// Whether others than its own subjects may meet it: everyone does, or whoever
// names the same Vault path; and a Deny that cannot be read denies all.
bool ReachesOthers(const Grant& grant) {
  return grant.credential || grant.refused ||
         std::any_of(grant.subjects.begin(), grant.subjects.end(),
                     [](const Subject& subject) {
                       return subject.kind == SubjectKind::kEveryone;
                     });
}

template <typename Slot>
std::set<size_t> PathsOf(const Slot& slot) {
  std::set<size_t> paths;
  const std::hash<std::string> hash;
  if (slot.connection) {
    if (const auto& own = slot.connection->credentials.default_slot) {
      paths.insert(hash(ApiPath(own->vault)));
    }
  }
  for (const auto& [name, grant] : slot.grants) {
    if (grant->credential)
      paths.insert(hash(ApiPath(grant->credential->vault)));
  }
  return paths;
}

template <typename Slot>
std::set<Time> TransitionsOf(const Slot& slot) {
  std::set<Time> times;
  for (const auto& [name, grant] : slot.grants) {
    if (grant->refused || grant->suspended) continue;
    if (grant->window.not_before) times.insert(*grant->window.not_before);
    if (grant->window.expires_at) times.insert(*grant->window.expires_at);
  }
  return times;
}

// Whether all callers meet it, named or not.
template <typename Slot>
bool IsOpen(const Slot& slot) {
  if (slot.connection && slot.connection->sharing.groups.empty()) {
    const model::SharingMode mode = slot.connection->sharing.mode;
    if (mode == model::SharingMode::kOrganization ||
        mode == model::SharingMode::kViewerCredentials) {
      return true;
    }
  }
  return std::any_of(
      slot.grants.begin(), slot.grants.end(), [](const auto& entry) {
        const auto& subjects = entry.second->subjects;
        return entry.second->effect == model::Effect::kAllow &&
               std::any_of(subjects.begin(), subjects.end(),
                           [](const Subject& subject) {
                             return subject.kind == SubjectKind::kEveryone;
                           });
      });
}

// Of the Groups that a Deny reaches, more is kept in the ledger.
bool DeniesGroup(const Grant& grant) {
  return grant.effect == model::Effect::kDeny &&
         std::any_of(grant.subjects.begin(), grant.subjects.end(),
                     [](const Subject& subject) {
                       return subject.kind == SubjectKind::kGroup;
                     });
}

template <typename T>
std::vector<std::shared_ptr<const T>> Share(std::vector<T> objects) {
  std::vector<std::shared_ptr<const T>> shared;
  shared.reserve(objects.size());
  for (T& one : objects) {
    shared.push_back(std::make_shared<const T>(std::move(one)));
  }
  return shared;
}

std::vector<Group> Values(
    const std::vector<std::shared_ptr<const Group>>& groups) {
  std::vector<Group> values;
  values.reserve(groups.size());
  for (const auto& group : groups) values.push_back(*group);
  return values;
}

template <typename Slot>
void Append(const Slot& slot, model::Objects& out) {
  if (slot.connection) out.connections.push_back(*slot.connection);
  for (const auto& [name, grant] : slot.grants) out.grants.push_back(*grant);
}

}  // namespace

SharedObjects Share(model::Objects objects) {
  SharedObjects shared;
  shared.connections = Share(std::move(objects.connections));
  shared.grants = Share(std::move(objects.grants));
  shared.groups = Share(std::move(objects.groups));
  objects.connections = {};
  objects.grants = {};
  objects.groups = {};
  shared.rest = std::move(objects);
  return shared;
}

/// What an edit turned out to concern.
struct ObjectIndex::Effect {
  std::set<Principal> principals;
  std::set<ObjectRef> connections;
  std::set<size_t> paths;  // that were or are named
  bool everyone = false;
};

ObjectIndex::ObjectIndex(SharedObjects objects, bool with_users,
                         const std::vector<ObjectRef>& extra)
    : with_users_(with_users),
      rest_(std::move(objects.rest)),
      groups_(std::move(objects.groups)),
      graph_(Values(groups_)) {
  IndexGroups(extra);
  seen_accounts_.insert(rest_.service_accounts.begin(),
                        rest_.service_accounts.end());
  rest_.service_accounts.clear();
  for (auto& one : objects.connections) {
    Slot& slot = slots_[one->ref()];
    if (!slot.connection) slot.connection = std::move(one);
  }
  for (auto& one : objects.grants) {
    auto& slot = *slots_.try_emplace(one->connection_ref()).first;
    const std::string& name = one->metadata.name;
    if (homes_.try_emplace(slot.first.ns + "/" + name, &slot).second) {
      slot.second.grants.emplace(name, std::move(one));
    }
  }
  for (const auto& slot : slots_) Enter(&slot);
}

void ObjectIndex::IndexGroups(const std::vector<ObjectRef>& extra) {
  for (const auto& group : groups_) {
    for (const Subject& member : group->members) {
      if (member.kind == SubjectKind::kServiceAccount) {
        accounts_.insert(Principal::ServiceAccount(member.ns, member.name));
      }
    }
  }
  for (const ObjectRef& account : extra) {
    accounts_.insert(Principal::ServiceAccount(account.ns, account.name));
  }
}

void ObjectIndex::Enter(Place place) {
  const Slot& slot = place->second;
  for (const std::string& name : NamesOf(slot)) named_[name].push_back(place);
  for (const size_t path : PathsOf(slot)) paths_.emplace(path, place);
  for (const Time time : TransitionsOf(slot)) transitions_.emplace(time, place);
  if (IsOpen(slot)) open_.insert(place);
}

void ObjectIndex::Leave(Place place) {
  const Slot& slot = place->second;
  for (const std::string& name : NamesOf(slot)) {
    const auto named = named_.find(name);
    auto& places = named->second;
    places.erase(std::find(places.begin(), places.end(), place));
    if (places.empty()) named_.erase(named);
  }
  for (const size_t path : PathsOf(slot)) {
    const auto [begin, end] = paths_.equal_range(path);
    paths_.erase(std::find_if(begin, end, [place](const auto& entry) {
      return entry.second == place;
    }));
  }
  for (const Time time : TransitionsOf(slot)) transitions_.erase({time, place});
  open_.erase(place);
}

// Once for the slot as it was and once as it is: an edit concerns both. `only`:
// the Grant that comes or goes.
template <typename Change>
void ObjectIndex::Edit(const ObjectRef& connection, const Grant* only,
                       Change change, Effect& effect) {
  const auto at = slots_.try_emplace(connection).first;
  const auto note = [&] {
    effect.everyone = effect.everyone || open_.count(&*at) > 0;
    if (only != nullptr && !ReachesOthers(*only)) {
      AddSubjects(*only, effect.principals);
      return;
    }
    AddPrincipalsOf(&*at, effect.principals);
    effect.paths.merge(PathsOf(at->second));
  };
  effect.connections.insert(connection);
  note();
  Leave(&*at);
  change(at->second);
  Enter(&*at);
  note();
  if (at->second.connection || !at->second.grants.empty()) return;
  Leave(&*at);
  slots_.erase(at);
}

void ObjectIndex::End(const ObjectRef& grant, Effect& effect) {
  const auto home = homes_.find(ToString(grant));
  if (home == homes_.end()) return;
  const ObjectRef connection = home->second->first;
  const auto ended = home->second->second.grants.at(grant.name);
  effect.everyone = effect.everyone || DeniesGroup(*ended);
  homes_.erase(home);
  Edit(
      connection, ended.get(),
      [&](Slot& slot) { slot.grants.erase(grant.name); }, effect);
}

void ObjectIndex::Put(const std::shared_ptr<const Grant>& grant,
                      Effect& effect) {
  const ObjectRef self{grant->metadata.ns, grant->metadata.name};
  effect.everyone = effect.everyone || DeniesGroup(*grant);
  End(self, effect);
  Edit(
      grant->connection_ref(), grant.get(),
      [&](Slot& slot) { slot.grants.emplace(self.name, grant); }, effect);
  homes_[ToString(self)] = &*slots_.find(grant->connection_ref());
}

void ObjectIndex::See(const std::vector<ObjectRef>& accounts, Effect& effect) {
  std::set<ObjectRef> seen(accounts.begin(), accounts.end());
  std::vector<ObjectRef> changed;
  std::set_symmetric_difference(seen.begin(), seen.end(),
                                seen_accounts_.begin(), seen_accounts_.end(),
                                std::back_inserter(changed));
  for (const ObjectRef& one : changed) {
    effect.principals.insert(Principal::ServiceAccount(one.ns, one.name));
  }
  seen_accounts_ = std::move(seen);
}

// Of all the accounts of a cluster few are principals.
void ObjectIndex::Recreate(const ObjectRef& account, const std::string& uid,
                           Effect& effect) {
  if (uid.empty()) {
    rest_.account_uids.erase(account);
  } else {
    rest_.account_uids[account] = uid;
  }
  Principal principal = Principal::ServiceAccount(account.ns, account.name);
  if (seen_accounts_.count(account) > 0 || accounts_.count(principal) > 0 ||
      named_.count(AccountKey(account.ns, account.name)) > 0) {
    effect.principals.insert(std::move(principal));
  }
}

std::optional<Concerned> ObjectIndex::Apply(const Edits& edits) {
  Effect effect;
  for (const auto& one : edits.connections) {
    Edit(
        one->ref(), nullptr, [&](Slot& slot) { slot.connection = one; },
        effect);
  }
  for (const auto& one : edits.grants) Put(one, effect);
  for (const model::Ended& one : edits.ended) {
    rest_.ended.push_back(one);
    End(one.ref, effect);
  }
  if (edits.service_accounts) See(*edits.service_accounts, effect);
  for (const auto& [account, uid] : edits.account_uids) {
    Recreate(account, uid, effect);
  }
  return Conclude(std::move(effect));
}

// Who names the same Vault path is judged anew: whose it is, and whether it is
// server-side only.
std::optional<Concerned> ObjectIndex::Conclude(Effect effect) const {
  if (effect.everyone) return std::nullopt;
  for (const size_t path : effect.paths) {
    const auto [begin, end] = paths_.equal_range(path);
    for (auto it = begin; it != end; ++it) {
      const Place place = it->second;
      if (open_.count(place) > 0) return std::nullopt;
      effect.connections.insert(place->first);
      AddPrincipalsOf(place, effect.principals);
    }
  }
  return Concerned{std::move(effect.principals), std::move(effect.connections)};
}

std::optional<Concerned> ObjectIndex::ConcernedBetween(Time from,
                                                       Time to) const {
  Effect effect;
  const auto begin = transitions_.upper_bound({from, Place(nullptr)});
  for (auto it = begin; it != transitions_.end() && it->first <= to; ++it) {
    const Place place = it->second;
    effect.everyone = effect.everyone || open_.count(place) > 0;
    effect.connections.insert(place->first);
    AddPrincipalsOf(place, effect.principals);
  }
  return Conclude(std::move(effect));
}

std::optional<Time> ObjectIndex::NextTransition(Time now) const {
  for (auto it = transitions_.lower_bound({now, Place(nullptr)});
       it != transitions_.end(); ++it) {
    if (it->first > now) return it->first;
  }
  return std::nullopt;
}

void ObjectIndex::AddAccounts(std::string_view ns,
                              std::set<Principal>& out) const {
  const std::string prefix = AccountKey(std::string(ns), "");
  for (auto it = named_.lower_bound(prefix);
       it != named_.end() && it->first.rfind(prefix, 0) == 0; ++it) {
    out.insert(Principal::ServiceAccount(std::string(ns),
                                         it->first.substr(prefix.size())));
  }
  const Principal first = Principal::ServiceAccount(std::string(ns), "");
  for (auto it = accounts_.lower_bound(first);
       it != accounts_.end() && it->ns == ns; ++it) {
    out.insert(*it);
  }
  for (auto it = seen_accounts_.lower_bound({std::string(ns), ""});
       it != seen_accounts_.end() && it->ns == ns; ++it) {
    out.insert(Principal::ServiceAccount(it->ns, it->name));
  }
}

void ObjectIndex::AddPrincipals(const std::string& name,
                                std::set<Principal>& out) const {
  if (name.rfind(kGroup, 0) == 0) {
    AddMembers(name.substr(kGroup.size()), out);
  } else if (name.rfind(kUser, 0) == 0) {
    if (with_users_) out.insert(Principal::User(name.substr(kUser.size())));
  } else {
    const size_t slash = name.find('/', kAccount.size());
    out.insert(Principal::ServiceAccount(
        name.substr(kAccount.size(), slash - kAccount.size()),
        name.substr(slash + 1)));
  }
}

void ObjectIndex::AddPrincipalsOf(Place place, std::set<Principal>& out) const {
  for (const std::string& name : NamesOf(place->second)) {
    AddPrincipals(name, out);
  }
}

void ObjectIndex::AddSubjects(const Grant& grant,
                              std::set<Principal>& out) const {
  std::set<std::string> names;
  for (const Subject& subject : grant.subjects) AddName(subject, names);
  for (const std::string& name : names) AddPrincipals(name, out);
}

void ObjectIndex::AddMembers(const std::string& group,
                             std::set<Principal>& out) const {
  std::set<GroupIndex> seen;
  std::vector<GroupIndex> open = {graph_.Find(group)};
  while (!open.empty()) {
    const GroupIndex index = open.back();
    open.pop_back();
    if (index < 0 || !seen.insert(index).second) continue;
    const Group& here = *groups_[static_cast<size_t>(index)];
    if (here.claim && with_users_) {
      out.insert(Principal::ClaimGroup(here.metadata.name));
    }
    for (const Subject& member : here.members) {
      switch (member.kind) {
        case SubjectKind::kGroup:
          open.push_back(graph_.Find(member.name));
          break;
        case SubjectKind::kNamespace:
          AddAccounts(member.name, out);
          break;
        case SubjectKind::kServiceAccount:
          out.insert(Principal::ServiceAccount(member.ns, member.name));
          break;
        case SubjectKind::kUser:
          if (with_users_) out.insert(Principal::User(member.name));
          break;
        case SubjectKind::kEveryone:
          break;
      }
    }
  }
}

// Upwards: what a Deny reaches is what can matter at all.
void ObjectIndex::AddGroupsOf(const Principal& principal,
                              std::set<GroupIndex>& out) const {
  Membership membership;
  if (principal.kind == Principal::Kind::kServiceAccount) {
    membership =
        graph_.Of(Caller::ServiceAccount(principal.ns, principal.name));
  } else if (principal.kind == Principal::Kind::kUser) {
    membership = graph_.Of(Caller::User(principal.name));
  } else if (principal.kind == Principal::Kind::kClaimGroup) {
    const GroupIndex group = graph_.Find(principal.name);
    if (group >= 0) membership = graph_.OfMemberOf(group);
  } else if (principal.kind == Principal::Kind::kEveryoneUser) {
    // Its document lists the groups with a claim.
    for (GroupIndex i = 0; i < graph_.size(); ++i) out.insert(i);
  }
  for (const Reached& reached : membership.deny) out.insert(reached.group);
}

void ObjectIndex::AddNamed(const std::string& name,
                           std::set<Place>& out) const {
  const auto found = named_.find(name);
  if (found == named_.end()) return;
  out.insert(found->second.begin(), found->second.end());
}

void ObjectIndex::AddPathSharers(std::set<Place>& places) const {
  std::set<size_t> paths;
  for (const Place place : places) paths.merge(PathsOf(place->second));
  for (const size_t path : paths) {
    const auto [begin, end] = paths_.equal_range(path);
    for (auto it = begin; it != end; ++it) places.insert(it->second);
  }
}

model::Objects ObjectIndex::Slice(const Concerned& concerned) const {
  std::set<Place> places = open_;
  std::set<GroupIndex> groups;
  // How many may use a Connection, and who is over a budget, can only be told
  // with all that decides about all of its principals.
  std::set<Principal> principals = concerned.principals;
  for (const ObjectRef& ref : concerned.connections) {
    const auto found = slots_.find(ref);
    if (found == slots_.end()) continue;
    places.insert(&*found);
    AddPrincipalsOf(&*found, principals);
  }
  for (const Principal& principal : principals) {
    AddGroupsOf(principal, groups);
    if (principal.kind == Principal::Kind::kServiceAccount) {
      AddNamed(AccountKey(principal.ns, principal.name), places);
    } else if (principal.kind == Principal::Kind::kUser) {
      AddNamed(std::string(kUser) + principal.name, places);
    }
  }
  for (const GroupIndex group : groups) {
    AddNamed(std::string(kGroup) + graph_.Name(group), places);
  }
  AddPathSharers(places);
  model::Objects slice;
  slice.broken_denies = rest_.broken_denies;
  slice.broken_groups = rest_.broken_groups;
  slice.explains_deletions = rest_.explains_deletions;
  for (const Principal& principal : principals) {
    const ObjectRef account{principal.ns, principal.name};
    if (seen_accounts_.count(account) > 0) {
      slice.service_accounts.push_back(account);
    }
    const auto uid = rest_.account_uids.find(account);
    if (uid != rest_.account_uids.end()) slice.account_uids.insert(*uid);
  }
  for (const Place place : places) Append(place->second, slice);
  for (const GroupIndex group : groups) {
    slice.groups.push_back(*groups_[static_cast<size_t>(group)]);
  }
  return slice;
}

model::Objects ObjectIndex::All() const {
  model::Objects all = rest_;
  all.service_accounts.assign(seen_accounts_.begin(), seen_accounts_.end());
  all.connections.reserve(slots_.size());
  all.grants.reserve(slots_.size());
  for (const auto& [ref, slot] : slots_) Append(slot, all);
  all.groups = Values(groups_);
  return all;
}

model::Objects ObjectIndex::Within(
    const std::set<std::string>& namespaces) const {
  model::Objects within;
  within.explains_deletions = rest_.explains_deletions;
  for (const std::string& ns : namespaces) {
    for (auto at = slots_.lower_bound({ns, ""});
         at != slots_.end() && at->first.ns == ns; ++at) {
      Append(at->second, within);
    }
  }
  return within;
}

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/selection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "model/broken_deny.h"
#include "operator/kube/departures.h"

namespace claviger::op {
namespace {

using Stored = ObjectStore::Stored;

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void AddBroken(const model::Objects& broken, model::Objects& to) {
  Append(to.connections, broken.connections);
  Append(to.grants, broken.grants);
  Append(to.groups, broken.groups);
  Append(to.broken_denies, broken.broken_denies);
  Append(to.broken_groups, broken.broken_groups);
  Append(to.problems, broken.problems);
}

// Adds it to the list of its kind.
void Add(const Stored& stored, model::Objects& to) {
  if (stored.connection) to.connections.push_back(*stored.connection);
  if (stored.grant) to.grants.push_back(*stored.grant);
  if (stored.group) to.groups.push_back(*stored.group);
  if (stored.broken) AddBroken(*stored.broken, to);
}

void Add(const Stored& stored, access::SharedObjects& to) {
  if (stored.connection) to.connections.push_back(stored.connection);
  if (stored.grant) to.grants.push_back(stored.grant);
  if (stored.group) to.groups.push_back(stored.group);
  if (stored.broken) AddBroken(*stored.broken, to.rest);
}

// What of broken objects could be read after all joins the others.
void Finish(access::SharedObjects& objects) {
  model::Objects& rest = objects.rest;
  if (!rest.broken_groups.empty()) {
    model::Objects whole = rest;
    for (const auto& one : objects.grants) whole.grants.push_back(*one);
    for (const auto& one : objects.groups) whole.groups.push_back(*one);
    model::AddDeniesOfBrokenGroups(whole);
    rest.broken_denies = std::move(whole.broken_denies);
  }
  access::SharedObjects readable = access::Share(std::move(rest));
  Append(objects.connections, readable.connections);
  Append(objects.grants, readable.grants);
  Append(objects.groups, readable.groups);
  objects.rest = std::move(readable.rest);
}

// What can only give: an Allow, or a Connection nobody relies on yet.
bool MayWait(const Stored& stored) {
  return stored.connection ||
         (stored.grant && stored.grant->effect == model::Effect::kAllow);
}

// The Grants that keep a Connection from going.
std::map<model::ObjectRef, std::vector<std::string>> GrantsInUse(
    const ObjectStore& store) {
  std::map<model::ObjectRef, std::vector<std::string>> users;
  store.ForEach([&users](const ObjectId&, const Stored& stored) {
    if (!stored.grant || stored.seen.is_ending) return;
    users[stored.grant->connection_ref()].push_back(
        stored.grant->metadata.name);
  });
  return users;
}

const std::vector<std::string>* BlockedBy(
    const ObjectId& id, const Stored& stored,
    const std::map<model::ObjectRef, std::vector<std::string>>& users) {
  if (!stored.connection) return nullptr;
  if (stored.connection->deletion_policy != model::DeletionPolicy::kBlock) {
    return nullptr;
  }
  const auto found = users.find(id.ref);
  return found == users.end() ? nullptr : &found->second;
}

void SelectOne(const ObjectId& id, const Stored& stored,
               const std::set<std::string>& in_force, Selection& selection) {
  if (!stored.seen.has_finalizer) selection.unprotected.push_back(id);
  const bool ready =
      stored.seen.has_finalizer || in_force.count(stored.seen.uid) > 0;
  if (ready || !MayWait(stored)) Add(stored, selection.objects);
}

void SelectEnd(const ObjectId& id, const SeenObject& seen,
               Selection& selection) {
  selection.objects.rest.ended.push_back(EndOf(id, seen));
  selection.ended.push_back(id);
  if (seen.has_finalizer) selection.ending.push_back(id);
}

// What was added last gives nobody anything, neither access nor a say. A Deny
// only holds back.
void RefuseLast(const Stored& stored, model::Objects& objects) {
  const model::Refusal restored{
      std::string(model::kRestored),
      "it was deleted before, and comes from a backup",
      "as its condition says"};
  if (stored.connection) objects.connections.back().refused = restored;
  if (stored.group) objects.groups.back().refused = restored;
  if (stored.grant && stored.grant->effect == model::Effect::kAllow) {
    objects.grants.back().inert = restored;
  }
}

}  // namespace

model::Objects Everything(const ObjectStore& store) {
  model::Objects objects;
  store.ForEach([&objects](const ObjectId&, const Stored& stored) {
    if (!stored.connection && stored.seen.is_ending) return;
    Add(stored, objects);
    if (stored.seen.status.SaysRestored()) RefuseLast(stored, objects);
  });
  objects.service_accounts = store.ServiceAccounts();
  model::AddDeniesOfBrokenGroups(objects);
  return objects;
}

Selection Select(const ObjectStore& store,
                 const std::set<std::string>& in_force) {
  Selection selection;
  selection.objects.rest.explains_deletions = true;
  const auto users = GrantsInUse(store);
  store.ForEach([&](const ObjectId& id, const Stored& stored) {
    const SeenObject& seen = stored.seen;
    if (!seen.is_ending) {
      SelectOne(id, stored, in_force, selection);
      return;
    }
    if (const auto* grants = BlockedBy(id, stored, users)) {
      selection.blocked.emplace(id.ref, *grants);
      Add(stored, selection.objects);
      return;
    }
    SelectEnd(id, seen, selection);
  });
  Finish(selection.objects);
  selection.objects.rest.service_accounts = store.ServiceAccounts();
  selection.objects.rest.account_uids = store.AccountUids();
  return selection;
}

std::optional<Selection> SelectNews(const ObjectStore& store,
                                    const std::set<ObjectId>& news,
                                    const Selection& before,
                                    const std::set<std::string>& in_force) {
  // A Grant that goes may unblock the Connection that it kept.
  if (!before.blocked.empty()) return std::nullopt;
  Selection selection;
  for (const ObjectId& id : news) {
    const std::optional<Stored> stored = store.Look(id);
    if (!stored) {
      // Its end was seen before, or it is gone unexplained.
      const bool known = std::find(before.ended.begin(), before.ended.end(),
                                   id) != before.ended.end();
      if (!known) return std::nullopt;
      continue;
    }
    const bool single =
        stored->grant || (stored->connection && !stored->seen.is_ending);
    if (!single) return std::nullopt;
    if (stored->seen.is_ending) {
      SelectEnd(id, stored->seen, selection);
    } else {
      SelectOne(id, *stored, in_force, selection);
    }
  }
  return selection;
}

}  // namespace claviger::op

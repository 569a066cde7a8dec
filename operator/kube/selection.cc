// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/selection.h"

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

// Adds it to the list of its kind.
struct Adder {
  model::Objects& to;

  void operator()(const model::Connection& one) const {
    to.connections.push_back(one);
  }
  void operator()(const model::Grant& one) const { to.grants.push_back(one); }
  void operator()(const model::Group& one) const { to.groups.push_back(one); }
  void operator()(const model::Objects& broken) const {
    Append(to.connections, broken.connections);
    Append(to.grants, broken.grants);
    Append(to.groups, broken.groups);
    Append(to.broken_denies, broken.broken_denies);
    Append(to.broken_groups, broken.broken_groups);
    Append(to.problems, broken.problems);
  }
};

void Add(const Stored& stored, model::Objects& objects) {
  std::visit(Adder{objects}, stored.value);
}

// What can only give: an Allow, or a Connection nobody relies on yet.
bool MayWait(const Stored& stored) {
  if (std::holds_alternative<model::Connection>(stored.value)) return true;
  const auto* grant = std::get_if<model::Grant>(&stored.value);
  return grant != nullptr && grant->effect == model::Effect::kAllow;
}

// The Grants that keep a Connection from going.
std::map<model::ObjectRef, std::vector<std::string>> GrantsInUse(
    const ObjectStore& store) {
  std::map<model::ObjectRef, std::vector<std::string>> users;
  store.ForEach([&users](const ObjectId&, const Stored& stored) {
    const auto* grant = std::get_if<model::Grant>(&stored.value);
    if (grant == nullptr || stored.seen.is_ending) return;
    users[grant->connection_ref()].push_back(grant->metadata.name);
  });
  return users;
}

const std::vector<std::string>* BlockedBy(
    const ObjectId& id, const Stored& stored,
    const std::map<model::ObjectRef, std::vector<std::string>>& users) {
  const auto* connection = std::get_if<model::Connection>(&stored.value);
  if (connection == nullptr) return nullptr;
  if (connection->deletion_policy != model::DeletionPolicy::kBlock) {
    return nullptr;
  }
  const auto found = users.find(id.ref);
  return found == users.end() ? nullptr : &found->second;
}

}  // namespace

model::Objects Everything(const ObjectStore& store) {
  model::Objects objects;
  store.ForEach([&objects](const ObjectId&, const Stored& stored) {
    const bool is_connection =
        std::holds_alternative<model::Connection>(stored.value);
    if (is_connection || !stored.seen.is_ending) Add(stored, objects);
  });
  objects.service_accounts = store.ServiceAccounts();
  model::AddDeniesOfBrokenGroups(objects);
  return objects;
}

Selection Select(const ObjectStore& store,
                 const std::set<std::string>& in_force) {
  Selection selection;
  selection.objects.explains_deletions = true;
  const auto users = GrantsInUse(store);
  store.ForEach([&](const ObjectId& id, const Stored& stored) {
    const SeenObject& seen = stored.seen;
    if (!seen.is_ending) {
      if (!seen.has_finalizer) selection.unprotected.push_back(id);
      const bool ready = seen.has_finalizer || in_force.count(seen.uid) > 0;
      if (ready || !MayWait(stored)) Add(stored, selection.objects);
      return;
    }
    if (const auto* grants = BlockedBy(id, stored, users)) {
      selection.blocked.emplace(id.ref, *grants);
      Add(stored, selection.objects);
      return;
    }
    selection.objects.ended.push_back(EndOf(id, seen));
    if (seen.has_finalizer) selection.ending.push_back(id);
  });
  selection.objects.service_accounts = store.ServiceAccounts();
  model::AddDeniesOfBrokenGroups(selection.objects);
  return selection;
}

}  // namespace claviger::op

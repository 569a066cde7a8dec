// SPDX-License-Identifier: Apache-2.0
//
// All objects in force, by whom they concern, so that an edit of one Grant
// compiles its few principals and not everyone: which principals an edit
// concerns, and the slice of the objects that decides about those. Compiling
// the slice gives them exactly what compiling everything would; where that
// cannot be told cheaply, the answer is "everyone". Pure; used by one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/group_graph.h"
#include "access/principal.h"
#include "base/time.h"
#include "model/objects.h"

namespace claviger::access {

/// Objects that several may hold at once.
struct SharedObjects {
  std::vector<std::shared_ptr<const model::Connection>> connections;
  std::vector<std::shared_ptr<const model::Grant>> grants;
  std::vector<std::shared_ptr<const model::Group>> groups;
  model::Objects rest;  // without these three
};
SharedObjects Share(model::Objects objects);

/// Some objects that are new or different, and Grants whose end was seen.
struct Edits {
  std::vector<std::shared_ptr<const model::Connection>> connections;
  std::vector<std::shared_ptr<const model::Grant>> grants;
  std::vector<model::Ended> ended;
  /// All service accounts seen beside the objects, where those changed.
  std::optional<std::vector<model::ObjectRef>> service_accounts;
  /// Whose uid is another one now; empty: there is no such account any more.
  std::map<model::ObjectRef, std::string> account_uids = {};
  /// Service accounts whose deletion was seen, or who have a successor.
  std::vector<model::Ended> ended_accounts = {};
};

/// Whom and what an edit concerns; both may hold more than that.
struct Concerned {
  std::set<Principal> principals;
  std::set<model::ObjectRef> connections;
};

class ObjectIndex {
 public:
  /// `with_users` and `extra` as the Compiler's.
  ObjectIndex(SharedObjects objects, bool with_users,
              const std::vector<model::ObjectRef>& extra);
  ObjectIndex(const ObjectIndex&) = delete;
  ObjectIndex& operator=(const ObjectIndex&) = delete;

  /// Takes the edits. Nothing: they concern everyone.
  std::optional<Concerned> Apply(const Edits& edits);
  /// What ended is carried out: All does not tell of it any more.
  void ForgetEnded() { rest_.ended.clear(); }

  /// Whose Grants' windows open or close after `from`, up to `to`. Nothing:
  /// everyone's.
  std::optional<Concerned> ConcernedBetween(Time from, Time to) const;

  /// The next instant after `now` at which a window opens or closes.
  std::optional<Time> NextTransition(Time now) const;

  /// What decides about them. Of the problems that the objects came with,
  /// none.
  model::Objects Slice(const Concerned& concerned) const;

  /// Everything, as a value.
  model::Objects All() const;
  /// All of these namespaces, without Groups.
  model::Objects Within(const std::set<std::string>& namespaces) const;

 private:
  /// A Connection (null where only Grants name it), and the Grants on it.
  struct Slot {
    std::shared_ptr<const model::Connection> connection;
    std::map<std::string, std::shared_ptr<const model::Grant>> grants;
  };
  using Slots = std::map<model::ObjectRef, Slot>;
  using Place = const Slots::value_type*;  // stays where it is
  using Names = std::set<std::string>;
  struct Effect;

  void IndexGroups(const std::vector<model::ObjectRef>& extra);
  void Put(const std::shared_ptr<const model::Grant>& grant, Effect& effect);
  void End(const model::ObjectRef& grant, Effect& effect);
  void See(const std::vector<model::ObjectRef>& accounts, Effect& effect);
  void Recreate(const model::ObjectRef& account, const std::string& uid,
                Effect& effect);
  template <typename Change>
  void Edit(const model::ObjectRef& connection, const model::Grant* only,
            Change change, Effect& effect);
  void Enter(Place place);
  void Leave(Place place);
  void AddAccounts(std::string_view ns, std::set<Principal>& out) const;
  void AddPrincipals(const std::string& name, std::set<Principal>& out) const;
  void AddPrincipalsOf(Place place, std::set<Principal>& out) const;
  void AddSubjects(const model::Grant& grant, std::set<Principal>& out) const;
  void AddMembers(const std::string& group, std::set<Principal>& out) const;
  void AddGroupsOf(const Principal& principal, std::set<GroupIndex>& out) const;
  void AddNamed(const std::string& name, std::set<Place>& out) const;
  void AddPathSharers(std::set<Place>& places) const;
  std::optional<Concerned> Conclude(Effect effect) const;

  bool with_users_;
  model::Objects rest_;
  std::vector<std::shared_ptr<const model::Group>> groups_;
  GroupGraph graph_;
  std::set<Principal> accounts_;  // that Groups or `extra` make principals
  std::set<model::ObjectRef> seen_accounts_;  // beside the objects
  Slots slots_;
  // "ns/name" of a Grant -> the slot that it is in.
  std::unordered_map<std::string, Place> homes_;
  // "sa/<ns>/<name>", "user/<name>" or "group/<name>" -> where it is named.
  std::map<std::string, std::vector<Place>> named_;
  std::unordered_multimap<size_t, Place> paths_;  // by hash: a superset is fine
  std::set<std::pair<Time, Place>> transitions_;
  std::set<Place> open_;  // that everyone meets
};

}  // namespace claviger::access

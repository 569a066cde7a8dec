// SPDX-License-Identifier: Apache-2.0
#include "access/openness.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace claviger::access {
namespace {

std::vector<Source> OpenToAll(const model::Objects& objects,
                              const std::vector<std::vector<int>>& grants_of) {
  std::vector<Source> open;
  for (size_t i = 0; i < objects.connections.size(); ++i) {
    const int connection = static_cast<int>(i);
    if (SharesWithAll(objects.connections[i])) open.push_back({connection});
    for (const int index : grants_of[i]) {
      const model::Grant& grant = objects.grants[static_cast<size_t>(index)];
      if (grant.effect == model::Effect::kAllow &&
          NamesEveryone(grant.subjects)) {
        open.push_back({connection, index});
      }
    }
  }
  return open;
}

model::Refusal NotListed() {
  return {"SharingNotAllowed",
          "this namespace may not share with everyone; such sharing gives "
          "nothing",
          "name the groups it is for, or ask for sharing.organizationFrom"};
}

model::Refusal NamespaceIsFull(const Budgets& budgets) {
  return {"BudgetExceeded",
          "more than " + std::to_string(budgets.open_per_namespace) +
              " connections of this namespace are open to everyone; this one's "
              "sharing with everyone gives nothing",
          "name the groups it is for, or close one of the earlier ones"};
}

model::Refusal EveryoneIsFull(const Budgets& budgets) {
  return {"BudgetExceeded",
          "what is open to everyone has used up its budget of " +
              std::to_string(budgets.slots) + " connections and Grants of " +
              std::to_string(budgets.namespaces) +
              " namespaces; sharing this one with everyone gives nothing",
          "name the groups it is for"};
}

// The connections that are open so far, no more than so many of a namespace.
class OpenConnections {
 public:
  explicit OpenConnections(int per_namespace) : limit_(per_namespace) {}
  bool HasRoomFor(int connection, int ns) const {
    if (open_.count(connection) > 0) return true;
    const auto found = count_.find(ns);
    return (found == count_.end() ? 0 : found->second) < limit_;
  }
  void Add(int connection, int ns) {
    if (open_.insert(connection).second) ++count_[ns];
  }

 private:
  int limit_;
  std::unordered_set<int> open_;
  std::unordered_map<int, int> count_;
};

}  // namespace

bool SharesWithAll(const model::Connection& connection) {
  const model::SharingMode mode = connection.sharing.mode;
  return connection.sharing.groups.empty() &&
         (mode == model::SharingMode::kOrganization ||
          mode == model::SharingMode::kViewerCredentials);
}

bool NamesEveryone(const std::vector<model::Subject>& subjects) {
  return std::any_of(subjects.begin(), subjects.end(),
                     [](const model::Subject& subject) {
                       return subject.kind == model::SubjectKind::kEveryone;
                     });
}

Openness::Openness(const model::Objects& objects,
                   const std::vector<std::vector<int>>& grants_of,
                   const std::vector<int>& namespace_of,
                   const std::vector<std::string>& from, const Budgets& budgets)
    : sharing_(objects.connections.size(), 1),
      grants_(objects.grants.size(), 1) {
  const std::unordered_set<std::string> listed(from.begin(), from.end());
  std::vector<Source> open = OpenToAll(objects, grants_of);
  SortByArrival(objects, open);
  OpenConnections connections(budgets.open_per_namespace);
  Purse purse(budgets);
  for (const Source& source : open) {
    const auto index = static_cast<size_t>(source.connection);
    const std::string& name = objects.connections[index].metadata.ns;
    const int ns = namespace_of[index];
    if (listed.count("*") == 0 && listed.count(name) == 0) {
      Close(source, NotListed());
    } else if (!connections.HasRoomFor(source.connection, ns)) {
      Close(source, NamespaceIsFull(budgets));
    } else if (!purse.Pay(ns)) {
      Close(source, EveryoneIsFull(budgets));
    } else {
      connections.Add(source.connection, ns);
    }
  }
}

void Openness::Close(const Source& source, model::Refusal why) {
  if (source.grant == Source::kConnection) {
    sharing_[static_cast<size_t>(source.connection)] = 0;
  } else {
    grants_[static_cast<size_t>(source.grant)] = 0;
  }
  closed_.emplace(source, std::move(why));
}

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/counts.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "access/decision.h"

namespace claviger::op {
namespace {

using access::Principal;
using model::SubjectKind;

bool IsPerson(const Principal& principal) {
  return principal.kind == Principal::Kind::kServiceAccount ||
         principal.kind == Principal::Kind::kUser;
}

// For a user, whichever pod may carry the connection counts.
std::optional<model::ObjectRef> CarrierOf(const Principal& principal,
                                          const access::Binding& binding) {
  if (principal.kind == Principal::Kind::kServiceAccount) {
    return model::ObjectRef{principal.ns, principal.name};
  }
  const auto& workloads = binding.facts->workloads;
  if (!workloads || workloads->empty()) return std::nullopt;
  const model::Workload& first = workloads->front();
  const bool any = !first.service_accounts || first.service_accounts->empty();
  return model::ObjectRef{first.ns,
                          any ? "default" : first.service_accounts->front()};
}

bool MayUse(const Principal& principal, const access::Binding& binding,
            Time now) {
  if (binding.facts->refused) return false;
  access::Question question;
  question.carrier = CarrierOf(principal, binding);
  // Having no credential yet, or several, is another matter than the right.
  switch (access::Decide(&binding, question, now).reason) {
    case access::Reason::kNotVisible:
    case access::Reason::kForbidden:
    case access::Reason::kDenied:
    case access::Reason::kNotReady:
      return false;
    default:
      return true;
  }
}

class GroupCounter {
 public:
  explicit GroupCounter(const std::vector<model::Group>& groups)
      : groups_(groups) {
    for (size_t i = 0; i < groups.size(); ++i) {
      by_name_.emplace(groups[i].metadata.name, i);
    }
  }

  GroupCounts Count(size_t index) {
    seen_.clear();
    members_.clear();
    GroupCounts counts;
    counts.depth = Visit(index) - 1;
    counts.members = static_cast<int64_t>(members_.size());
    return counts;
  }

 private:
  // The depth below and with `index`; a group met again adds none, so that a
  // cycle ends.
  int64_t Visit(size_t index) {
    if (!seen_.insert(index).second) return 0;
    int64_t below = 0;
    for (const model::Subject& member : groups_[index].members) {
      if (member.kind != SubjectKind::kGroup) {
        members_.insert(&member);
        continue;
      }
      const auto nested = by_name_.find(member.name);
      if (nested != by_name_.end()) {
        below = std::max(below, Visit(nested->second));
      }
    }
    return below + 1;
  }

  struct ByValue {
    bool operator()(const model::Subject* a, const model::Subject* b) const {
      return *a < *b;
    }
  };

  const std::vector<model::Group>& groups_;
  std::unordered_map<std::string, size_t> by_name_;
  std::set<size_t> seen_;
  std::set<const model::Subject*, ByValue> members_;
};

}  // namespace

AccessCounts CountAccess(const access::Snapshot& snapshot,
                         const access::Compiler& compiler, Time now) {
  AccessCounts found;
  std::vector<ConnectionCounts>& counts = found.connections;
  counts.resize(snapshot.connections().size());
  for (const model::Grant& grant : snapshot.grants()) {
    const int index = snapshot.Find(grant.connection_ref());
    if (index >= 0) ++counts[static_cast<size_t>(index)].grants;
  }
  const auto& principals = compiler.principals();
  const int64_t persons =
      std::count_if(principals.begin(), principals.end(), IsPerson);
  std::set<model::ObjectRef> open;
  for (const access::Binding& binding :
       compiler.everyone_service_accounts().bindings) {
    if (!MayUse(Principal::EveryoneServiceAccount(), binding, now)) continue;
    open.insert(binding.facts->ref);
    const int index = snapshot.Find(binding.facts->ref);
    counts[static_cast<size_t>(index)].principals = persons;
  }
  for (const Principal& principal : principals) {
    const bool is_person = IsPerson(principal);
    if (!is_person && principal.kind != Principal::Kind::kClaimGroup) continue;
    access::BindingsDocument document = compiler.Document(principal);
    if (!document.over_budget.empty()) {
      found.over_budget.emplace(principal, std::move(document.over_budget));
    }
    if (!is_person) continue;
    for (const access::Binding& binding : document.bindings) {
      const model::ObjectRef& ref = binding.facts->ref;
      if (open.count(ref) > 0 || !MayUse(principal, binding, now)) continue;
      ++counts[static_cast<size_t>(snapshot.Find(ref))].principals;
    }
  }
  return found;
}

std::vector<GroupCounts> CountGroups(const access::Snapshot& snapshot) {
  GroupCounter counter(snapshot.groups());
  std::vector<GroupCounts> counts;
  counts.reserve(snapshot.groups().size());
  for (size_t i = 0; i < snapshot.groups().size(); ++i) {
    counts.push_back(counter.Count(i));
  }
  return counts;
}

}  // namespace claviger::op

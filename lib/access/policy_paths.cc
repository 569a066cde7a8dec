// SPDX-License-Identifier: Apache-2.0
#include "access/policy_paths.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "access/decision.h"
#include "access/opened_path.h"

namespace claviger::access {
namespace {

void AddReachable(const Binding& binding,
                  const std::optional<model::ObjectRef>& carrier, Time now,
                  std::vector<std::string>& paths) {
  for (const model::VaultRef* vault : ReachableSlots(binding, carrier, now)) {
    paths.push_back(OpenedBy(*vault));
  }
}

void SortUnique(std::vector<std::string>& paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

}  // namespace

PolicyPaths::PolicyPaths(BindingsDocument everyone)
    : everyone_(std::move(everyone)) {
  for (size_t i = 0; i < everyone_.bindings.size(); ++i) {
    const Binding& binding = everyone_.bindings[i];
    const auto add = [&](const Slot& slot) {
      named_by_[OpenedBy(slot.vault)].push_back(i);
    };
    if (binding.facts->personal_allowed) personal_.push_back(i);
    if (binding.facts->default_slot) add(*binding.facts->default_slot);
    for (const GrantEntry& grant : binding.grants) {
      if (grant.slot) add(*grant.slot);
    }
  }
}

bool PolicyPaths::IsOpenToAll(const std::string& path, Time now) const {
  const auto named = named_by_.find(path);
  if (named == named_by_.end()) return false;
  const auto opens = [&](size_t index) {
    const auto reachable =
        ReachableSlots(everyone_.bindings[index], std::nullopt, now);
    return std::any_of(reachable.begin(), reachable.end(),
                       [&path](const model::VaultRef* vault) {
                         return OpenedBy(*vault) == path;
                       });
  };
  return std::any_of(named->second.begin(), named->second.end(), opens);
}

// Each account has a slot of its own on what is open to all, so these are in
// its own policy too.
void PolicyPaths::AddPersonal(const BindingsDocument& document,
                              const model::ObjectRef& carrier, Time now,
                              std::vector<std::string>& paths) const {
  if (document.account.empty()) return;
  size_t room = kMaxPersonal;
  const auto add = [&](const Binding& binding) {
    const std::string& uid = binding.facts->uid;
    if (room == 0 || !IsPlainUid(uid)) return;
    if (!ReachesPersonal(binding, carrier, now)) return;
    paths.push_back(OpenedPersonal(document.account, uid));
    --room;
  };
  for (const Binding& own : document.bindings) {
    if (!own.facts->personal_allowed) continue;
    const Binding* shared = FindBinding(everyone_.bindings, own.facts->ref);
    if (shared == nullptr) {
      add(own);
      continue;
    }
    Binding merged = own;
    Merge(merged, *shared);
    add(merged);
  }
  for (const size_t index : personal_) {
    const Binding& shared = everyone_.bindings[index];
    if (FindBinding(document.bindings, shared.facts->ref) == nullptr) {
      add(shared);
    }
  }
}

std::vector<std::string> PolicyPaths::Of(const Principal& principal,
                                         const BindingsDocument& document,
                                         Time now) const {
  std::vector<std::string> paths;
  if (principal.kind == Principal::Kind::kEveryoneServiceAccount) {
    for (const Binding& binding : document.bindings) {
      AddReachable(binding, std::nullopt, now, paths);
    }
    SortUnique(paths);
    return paths;
  }
  if (principal.kind != Principal::Kind::kServiceAccount) return paths;
  const model::ObjectRef carrier{principal.ns, principal.name};
  for (const Binding& own : document.bindings) {
    const Binding* shared = FindBinding(everyone_.bindings, own.facts->ref);
    if (shared == nullptr) {
      AddReachable(own, carrier, now, paths);
      continue;
    }
    Binding merged = own;
    Merge(merged, *shared);
    AddReachable(merged, carrier, now, paths);
  }
  AddPersonal(document, carrier, now, paths);
  SortUnique(paths);
  paths.erase(std::remove_if(paths.begin(), paths.end(),
                             [&](const std::string& path) {
                               return IsOpenToAll(path, now);
                             }),
              paths.end());
  return paths;
}

}  // namespace claviger::access

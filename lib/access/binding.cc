// SPDX-License-Identifier: Apache-2.0
#include "access/binding.h"

#include <algorithm>

namespace claviger::access {
namespace {

// Absent is Everyone: deeper than any group.
std::optional<int> Nearer(std::optional<int> a, std::optional<int> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

bool ByName(const GrantEntry& a, const GrantEntry& b) {
  return a.name < b.name;
}

}  // namespace

bool GateAdmits(const ConnectionFacts& facts, const model::ObjectRef& account) {
  if (!facts.workloads) return true;
  return std::any_of(facts.workloads->begin(), facts.workloads->end(),
                     [&](const model::Workload& entry) {
                       if (entry.ns != account.ns) return false;
                       if (!entry.service_accounts) return true;
                       const auto& names = *entry.service_accounts;
                       return std::find(names.begin(), names.end(),
                                        account.name) != names.end();
                     });
}

void Merge(Binding& into, const Binding& from) {
  into.owner = into.owner || from.owner;
  into.shared = into.shared || from.shared;
  for (const GrantEntry& entry : from.grants) {
    const auto place =
        std::lower_bound(into.grants.begin(), into.grants.end(), entry, ByName);
    if (place == into.grants.end() || place->name != entry.name) {
      into.grants.insert(place, entry);
    } else {
      place->depth = Nearer(place->depth, entry.depth);
    }
  }
}

}  // namespace claviger::access

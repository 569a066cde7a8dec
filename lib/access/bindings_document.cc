// SPDX-License-Identifier: Apache-2.0
#include "access/bindings_document.h"

#include <algorithm>
#include <map>

namespace claviger::access {

std::vector<Binding> MergeDocuments(
    const std::vector<const BindingsDocument*>& documents) {
  std::map<model::ObjectRef, Binding> merged;
  for (const BindingsDocument* document : documents) {
    for (const Binding& binding : document->bindings) {
      const auto [held, fresh] =
          merged.try_emplace(binding.facts->ref, binding);
      if (!fresh) Merge(held->second, binding);
    }
  }
  std::vector<Binding> out;
  out.reserve(merged.size());
  for (auto& [ref, binding] : merged) out.push_back(std::move(binding));
  return out;
}

const Binding* FindBinding(const std::vector<Binding>& bindings,
                           const model::ObjectRef& connection) {
  const auto found =
      std::lower_bound(bindings.begin(), bindings.end(), connection,
                       [](const Binding& binding, const model::ObjectRef& ref) {
                         return binding.facts->ref < ref;
                       });
  if (found == bindings.end() || found->facts->ref != connection) {
    return nullptr;
  }
  return &*found;
}

std::vector<std::string> SatisfiedClaimGroups(const BindingsDocument& document,
                                              const Claims& claims) {
  std::vector<std::string> groups;
  for (const ClaimGroup& group : document.claim_groups) {
    const auto claim = claims.find(group.claim.name);
    if (claim == claims.end()) continue;
    const auto& values = claim->second;
    if (std::find(values.begin(), values.end(), group.claim.value) !=
        values.end()) {
      groups.push_back(group.group);
    }
  }
  return groups;
}

}  // namespace claviger::access

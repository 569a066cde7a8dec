// SPDX-License-Identifier: Apache-2.0
//
// What the operator publishes for one principal and the sidecar decides from.
// No secret is in it. Plain values; pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "access/binding.h"
#include "access/budget.h"
#include "access/caller.h"
#include "base/result.h"
#include "model/group.h"

namespace claviger::access {

/// The version of the JSON form; another one is refused.
inline constexpr int kBindingsFormat = 1;

/// A group that users join by a claim: whose document the sidecar opens for a
/// user with that claim.
struct ClaimGroup {
  std::string group;
  model::Claim claim;
};

struct BindingsDocument {
  std::string principal;                 // IdOf(principal)
  std::vector<Binding> bindings;         // sorted by namespace, name
  std::vector<ClaimGroup> claim_groups;  // in everyone.user only
  /// The uid of the service account whose personal slots its policy opens;
  /// empty: none.
  std::string account = {};
  /// What would be in it and found no room, sorted. Not part of the JSON form.
  std::vector<SourceName> over_budget = {};
};

/// JSON objects, each at most `max_part_bytes` unless one connection alone is
/// larger; every part says which it is and how many there are. Deterministic,
/// with sorted keys: equal documents give equal text.
std::vector<std::string> EncodeBindings(const BindingsDocument& document,
                                        size_t max_part_bytes = 256 * 1024);

/// The number of parts, from the first part's text. kMalformed.
Result<int> CountParts(std::string_view first_part);

/// All parts in order, at most 64. kMalformed with the place of what is wrong;
/// never a partial document.
Result<BindingsDocument> DecodeBindings(const std::vector<std::string>& parts);

/// The caller's view over several of its documents (own, claim groups,
/// everyone), connections merged. Sorted by namespace, name.
std::vector<Binding> MergeDocuments(
    const std::vector<const BindingsDocument*>& documents);

/// The binding of `connection` in a sorted list; null where there is none.
const Binding* FindBinding(const std::vector<Binding>& bindings,
                           const model::ObjectRef& connection);

/// The names of the claim groups of `document` whose claim `claims` satisfies.
std::vector<std::string> SatisfiedClaimGroups(const BindingsDocument& document,
                                              const Claims& claims);

}  // namespace claviger::access

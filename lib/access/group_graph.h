// SPDX-License-Identifier: Apache-2.0
//
// Who is in which Group, how deep, and over which paths (resolution.md, step
// 2). Built once from the Groups; immutable and thread-safe afterwards. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/caller.h"
#include "model/group.h"

namespace claviger::access {

/// The index of a Group in the graph.
using GroupIndex = int;

struct Reached {
  GroupIndex group = 0;
  int depth = 1;
};

/// A caller's groups: two sets, because a Deny must reach further than a
/// permission.
struct Membership {
  std::vector<Reached> allow;  // no group on a cycle passed, at most 16 deep
  std::vector<Reached> deny;   // everything reachable
};

class GroupGraph {
 public:
  /// The deepest nesting that still gives something.
  static constexpr int kMaxDepth = 16;

  GroupGraph() = default;
  explicit GroupGraph(const std::vector<model::Group>& groups);

  Membership Of(const Caller& caller) const;
  /// What a direct member of `group` has, with `group` itself at depth 1.
  Membership OfMemberOf(GroupIndex group) const;

  /// The groups that have whoever makes these claims as a direct member.
  std::vector<GroupIndex> ByClaims(const Claims& claims) const;

  /// -1 where there is no such group.
  GroupIndex Find(std::string_view name) const;
  const std::string& Name(GroupIndex group) const {
    return names_[static_cast<size_t>(group)];
  }
  int size() const { return static_cast<int>(names_.size()); }
  bool OnCycle(GroupIndex group) const {
    return on_cycle_[static_cast<size_t>(group)];
  }

 private:
  using Groups = std::vector<GroupIndex>;

  void Index(const model::Group& group, GroupIndex self);
  std::vector<Reached> Walk(const Groups& direct, bool for_allow) const;

  std::vector<std::string> names_;
  std::unordered_map<std::string, GroupIndex> by_name_;
  std::vector<Groups> parents_;  // the groups that a group is a member of
  std::vector<char> on_cycle_;
  std::vector<char> refused_;
  // Direct members -> groups. Accounts by "ns/name".
  std::unordered_map<std::string, Groups> by_account_;
  std::unordered_map<std::string, Groups> by_namespace_;
  std::unordered_map<std::string, Groups> by_user_;
  std::map<model::Claim, Groups> by_claim_;
};

}  // namespace claviger::access

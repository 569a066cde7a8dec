// SPDX-License-Identifier: Apache-2.0
#include "access/group_graph.h"

#include <algorithm>

namespace claviger::access {
namespace {

// Tarjan's strongly connected components, without recursion: a chain of groups
// may be as long as there are groups, and the stack is not.
class CycleFinder {
 public:
  explicit CycleFinder(const std::vector<std::vector<GroupIndex>>& edges)
      : edges_(edges),
        order_(edges.size(), kUnseen),
        low_(edges.size(), 0),
        on_stack_(edges.size(), 0),
        on_cycle_(edges.size(), 0) {}

  std::vector<char> Run() {
    for (size_t node = 0; node < edges_.size(); ++node) {
      if (order_[node] == kUnseen) Explore(static_cast<GroupIndex>(node));
    }
    return std::move(on_cycle_);
  }

 private:
  static constexpr int kUnseen = -1;

  struct Frame {
    GroupIndex node;
    size_t next_edge;
  };

  static size_t At(GroupIndex node) { return static_cast<size_t>(node); }

  void Enter(GroupIndex node) {
    order_[At(node)] = low_[At(node)] = counter_++;
    component_.push_back(node);
    on_stack_[At(node)] = 1;
    path_.push_back({node, 0});
  }

  void Explore(GroupIndex root) {
    Enter(root);
    while (!path_.empty()) {
      const GroupIndex node = path_.back().node;
      if (path_.back().next_edge < edges_[At(node)].size()) {
        Follow(node, edges_[At(node)][path_.back().next_edge++]);
      } else {
        Leave(node);
      }
    }
  }

  void Follow(GroupIndex from, GroupIndex to) {
    if (from == to) on_cycle_[At(from)] = 1;
    if (order_[At(to)] == kUnseen) {
      Enter(to);
    } else if (on_stack_[At(to)] != 0) {
      low_[At(from)] = std::min(low_[At(from)], order_[At(to)]);
    }
  }

  void Leave(GroupIndex node) {
    path_.pop_back();
    if (!path_.empty()) {
      int& parent_low = low_[At(path_.back().node)];
      parent_low = std::min(parent_low, low_[At(node)]);
    }
    if (low_[At(node)] != order_[At(node)]) return;
    const bool alone = component_.back() == node;
    GroupIndex member = -1;
    while (member != node) {
      member = component_.back();
      component_.pop_back();
      on_stack_[At(member)] = 0;
      if (!alone) on_cycle_[At(member)] = 1;
    }
  }

  const std::vector<std::vector<GroupIndex>>& edges_;
  std::vector<int> order_;
  std::vector<int> low_;
  std::vector<char> on_stack_;
  std::vector<char> on_cycle_;
  std::vector<GroupIndex> component_;
  std::vector<Frame> path_;
  int counter_ = 0;
};

template <typename Map, typename Key>
void Append(const Map& map, const Key& key, std::vector<GroupIndex>& out) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  out.insert(out.end(), found->second.begin(), found->second.end());
}

}  // namespace

GroupGraph::GroupGraph(const std::vector<model::Group>& groups) {
  for (const model::Group& group : groups) {
    by_name_.try_emplace(group.metadata.name, size());
    names_.push_back(group.metadata.name);
    refused_.push_back(group.refused ? 1 : 0);
  }
  parents_.resize(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    Index(groups[i], static_cast<GroupIndex>(i));
  }
  on_cycle_ = CycleFinder(parents_).Run();
}

void GroupGraph::Index(const model::Group& group, GroupIndex self) {
  for (const model::Subject& member : group.members) {
    switch (member.kind) {
      case model::SubjectKind::kServiceAccount:
        by_account_[member.ns + "/" + member.name].push_back(self);
        break;
      case model::SubjectKind::kNamespace:
        by_namespace_[member.name].push_back(self);
        break;
      case model::SubjectKind::kUser:
        by_user_[member.name].push_back(self);
        break;
      case model::SubjectKind::kGroup:
        if (const GroupIndex child = Find(member.name); child >= 0) {
          parents_[static_cast<size_t>(child)].push_back(self);
        }
        break;
      case model::SubjectKind::kEveryone:
        break;
    }
  }
  if (group.claim) by_claim_[*group.claim].push_back(self);
}

GroupIndex GroupGraph::Find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? -1 : found->second;
}

Membership GroupGraph::Of(const Caller& caller) const {
  Groups direct;
  if (caller.kind == Caller::Kind::kServiceAccount) {
    Append(by_account_, caller.ns + "/" + caller.name, direct);
    Append(by_namespace_, caller.ns, direct);
  } else {
    direct = ByClaims(caller.claims);
    Append(by_user_, caller.name, direct);
  }
  return {Walk(direct, true), Walk(direct, false)};
}

std::vector<GroupIndex> GroupGraph::ByClaims(const Claims& claims) const {
  Groups groups;
  for (const auto& [name, values] : claims) {
    for (const std::string& value : values) {
      Append(by_claim_, model::Claim{name, value}, groups);
    }
  }
  return groups;
}

Membership GroupGraph::OfMemberOf(GroupIndex group) const {
  return {Walk({group}, true), Walk({group}, false)};
}

// Breadth first, so the first depth met is the smallest.
std::vector<Reached> GroupGraph::Walk(const Groups& direct,
                                      bool for_allow) const {
  if (direct.empty()) return {};
  std::vector<char> seen(names_.size(), 0);
  std::vector<Reached> reached;
  const auto visit = [&](GroupIndex group, int depth) {
    const auto at = static_cast<size_t>(group);
    if (seen[at] != 0) return;
    seen[at] = 1;
    if (for_allow &&
        (on_cycle_[at] != 0 || refused_[at] != 0 || depth > kMaxDepth)) {
      return;
    }
    reached.push_back({group, depth});
  };
  for (const GroupIndex group : direct) visit(group, 1);
  for (size_t i = 0; i < reached.size(); ++i) {
    const Reached from = reached[i];
    for (const GroupIndex parent : parents_[static_cast<size_t>(from.group)]) {
      visit(parent, from.depth + 1);
    }
  }
  return reached;
}

}  // namespace claviger::access

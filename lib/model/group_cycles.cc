// SPDX-License-Identifier: Apache-2.0
#include "model/group_cycles.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace claviger::model {
namespace {

/// Tarjan's strongly connected components, without recursion: a chain of
/// groups may be as long as there are groups.
class Components {
 public:
  explicit Components(const std::vector<Group>& groups)
      : groups_(groups), nodes_(groups.size()) {
    std::unordered_map<std::string_view, size_t> index;
    for (size_t i = 0; i < groups.size(); ++i) {
      index.emplace(groups[i].metadata.name, i);
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      for (const Subject& member : groups[i].members) {
        const auto child = index.find(member.name);
        if (member.kind == SubjectKind::kGroup && child != index.end()) {
          nodes_[i].children.push_back(child->second);
        }
      }
    }
  }

  std::set<std::string> Run() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].order == 0) Visit(i);
    }
    return std::move(cyclic_);
  }

 private:
  struct NodeState {
    std::vector<size_t> children;
    size_t next = 0;   // the child to look at next
    size_t order = 0;  // when it was first met, from 1
    size_t low = 0;    // the earliest node of the stack it reaches
    bool on_stack = false;
  };

  void Enter(size_t i) {
    nodes_[i].order = nodes_[i].low = ++count_;
    nodes_[i].on_stack = true;
    stack_.push_back(i);
    path_.push_back(i);
  }

  void Visit(size_t start) {
    Enter(start);
    while (!path_.empty()) {
      const size_t i = path_.back();
      NodeState& node = nodes_[i];
      if (node.next < node.children.size()) {
        const size_t child = node.children[node.next++];
        if (nodes_[child].order == 0) {
          Enter(child);
        } else if (nodes_[child].on_stack) {
          node.low = std::min(node.low, nodes_[child].order);
        }
        continue;
      }
      path_.pop_back();
      if (!path_.empty()) {
        NodeState& parent = nodes_[path_.back()];
        parent.low = std::min(parent.low, node.low);
      }
      if (node.low == node.order) Leave(i);
    }
  }

  // Takes a complete component from the stack.
  void Leave(size_t root) {
    auto first = stack_.end();
    do {
      --first;
    } while (*first != root);
    const std::vector<size_t>& children = nodes_[root].children;
    const bool cyclic =
        stack_.end() - first > 1 ||
        std::find(children.begin(), children.end(), root) != children.end();
    for (auto it = first; it != stack_.end(); ++it) {
      nodes_[*it].on_stack = false;
      if (cyclic) cyclic_.insert(groups_[*it].metadata.name);
    }
    stack_.erase(first, stack_.end());
  }

  const std::vector<Group>& groups_;
  std::vector<NodeState> nodes_;
  std::vector<size_t> stack_;
  std::vector<size_t> path_;
  std::set<std::string> cyclic_;
  size_t count_ = 0;
};

}  // namespace

std::set<std::string> FindCyclicGroups(const std::vector<Group>& groups) {
  return Components(groups).Run();
}

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
//
// Somebody the objects are looked at for: a caller, or the stand-in of a
// principal that is no single caller (a claim group's member, everyone). For
// lib/access only. Immutable; pure.
#pragma once

#include <optional>
#include <vector>

#include "access/caller.h"
#include "access/group_graph.h"
#include "access/snapshot.h"

namespace claviger::access {

class Viewer {
 public:
  /// Nobody in particular: matches Everyone alone.
  explicit Viewer(const GroupGraph& graph);
  Viewer(const GroupGraph& graph, const Caller& caller);
  /// Any direct member of `group`, known only as such.
  Viewer(const GroupGraph& graph, GroupIndex group);

  /// Whether `subjects` name the viewer, by the set that `effect` uses.
  struct Nearness {
    bool matches = false;
    std::optional<int> depth;  // absent: by Everyone
  };
  Nearness Match(const std::vector<model::Subject>& subjects,
                 model::Effect effect) const;

  /// Whether the caller is in the named group, by the set that permits.
  bool InGroup(const std::string& group) const;

  const Membership& membership() const { return membership_; }

 private:
  void IndexDepths();
  int DepthOf(const std::vector<int>& depths, const std::string& group) const;
  bool IsSelf(const model::Subject& subject) const;

  const GroupGraph& graph_;
  std::optional<Caller> self_;
  Membership membership_;
  std::vector<int> allow_depth_;  // by group; 0: not in it
  std::vector<int> deny_depth_;
};

/// One Connection for the viewer.
Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection);

}  // namespace claviger::access

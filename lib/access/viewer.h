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
  /// Nobody in particular: matches Everyone alone. The snapshot outlives the
  /// viewer, here and below.
  explicit Viewer(const Snapshot& snapshot);
  Viewer(const Snapshot& snapshot, const Caller& caller);
  /// Any direct member of `group`, known only as such.
  Viewer(const Snapshot& snapshot, GroupIndex group);

  /// Whether `subjects` name the viewer, by the set that the effect uses.
  struct Nearness {
    bool matches = false;
    std::optional<int> depth;  // absent: by Everyone
  };
  Nearness MatchForAllow(NamedRange subjects) const {
    return Match(subjects, allow_depth_);
  }
  Nearness MatchForDeny(NamedRange subjects) const {
    return Match(subjects, deny_depth_);
  }

  const Membership& membership() const { return membership_; }

 private:
  Viewer(const Snapshot& snapshot, int self, Membership membership);
  Nearness Match(NamedRange subjects, const std::vector<int>& depths) const;

  int self_;  // by the snapshot's name table; -1: named by no subject
  Membership membership_;
  std::vector<int> allow_depth_;  // by group; 0: not in it
  std::vector<int> deny_depth_;
};

/// The inert Grants on a connection that name the viewer, as indices, by name.
std::vector<int> InertFor(const Snapshot& snapshot, const Viewer& viewer,
                          int connection);

/// One Connection for the viewer.
Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection);

}  // namespace claviger::access

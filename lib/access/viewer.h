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
  /// Whether what names the viewer is held to the budget of one document.
  enum class Bound { kBudget, kNone };

  /// Nobody in particular: matches Everyone alone. The snapshot outlives the
  /// viewer, here and below.
  explicit Viewer(const Snapshot& snapshot);
  Viewer(const Snapshot& snapshot, const Caller& caller,
         Bound bound = Bound::kBudget);
  /// Any direct member of `group`, known only as such.
  Viewer(const Snapshot& snapshot, GroupIndex group);

  /// Whether `subjects` name the viewer, by the set that the effect uses.
  struct Nearness {
    bool everyone = false;
    std::optional<int> depth;  // absent: not by name
    bool matches() const { return everyone || depth; }
  };
  Nearness MatchForAllow(NamedRange subjects) const {
    return Match(subjects, allow_depth_);
  }
  Nearness MatchForDeny(NamedRange subjects) const {
    return Match(subjects, deny_depth_);
  }

  const Membership& membership() const { return membership_; }

  /// The connections that name the viewer, by either set: sorted.
  std::vector<int> Touching(const Snapshot& snapshot) const;

  /// What names the viewer and finds no room in its budget: sorted.
  const std::vector<Source>& over_budget() const { return over_budget_; }
  bool IsOverBudget(const Source& source) const;

 private:
  Viewer(const Snapshot& snapshot, int self, Membership membership);
  Nearness Match(NamedRange subjects, const std::vector<int>& depths) const;
  bool MayExceed(const Snapshot& snapshot) const;
  std::vector<Source> Sources(const Snapshot& snapshot) const;

  int self_;  // by the snapshot's name table; -1: named by no subject
  std::optional<model::ObjectRef> account_;
  Membership membership_;
  std::vector<int> allow_depth_;  // by group; 0: not in it
  std::vector<int> deny_depth_;
  std::vector<Source> over_budget_;
};

/// The caller as its documents see it, one each, but for everyone's: only
/// `whole` where that is within the budget, for then it makes no difference.
std::vector<Viewer> DocumentsOf(const Snapshot& snapshot, const Caller& caller,
                                Viewer whole);

/// The inert Grants on a connection that name the viewer, as indices, by name.
std::vector<int> InertFor(const Snapshot& snapshot, const Viewer& viewer,
                          int connection);

/// One Connection for the viewer.
Binding ProjectFor(const Snapshot& snapshot, const Viewer& viewer,
                   int connection);

/// One Connection by all of somebody's documents.
Binding ProjectFor(const Snapshot& snapshot, const std::vector<Viewer>& viewers,
                   int connection);

}  // namespace claviger::access

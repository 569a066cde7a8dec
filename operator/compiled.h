// SPDX-License-Identifier: Apache-2.0
//
// All objects compiled: who should have something in Vault, and what. With the
// mass-delete brake on, what is held takes the place of what was compiled.
// Immutable; pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "access/compile.h"
#include "access/policy_paths.h"
#include "access/snapshot.h"
#include "operator/desired.h"
#include "operator/held.h"
#include "operator/reconciler.h"

namespace claviger::op {

/// A principal that should have something in Vault.
struct Wanted {
  std::string id;
  /// Absent for a user that no object names any more and whose name is
  /// therefore not known.
  std::optional<access::Principal> principal;

  bool IsEveryone() const { return id.rfind("everyone.", 0) == 0; }
};

class Compiled {
 public:
  /// `held` may be null; both references outlive this object.
  Compiled(model::Objects objects, const ReconcilerSettings& settings,
           const Held* held);
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  /// The everyone principals first.
  const std::vector<Wanted>& wanted() const { return wanted_; }
  bool IsWanted(const std::string& id) const { return ids_.count(id) > 0; }
  const std::vector<model::Problem>& problems() const {
    return snapshot_->problems();
  }
  const std::shared_ptr<const access::Snapshot>& snapshot() const {
    return snapshot_;
  }

  /// What it should have at `now`. kInvalidArgument or kTooLarge where no
  /// policy or document can be made; kMalformed where what is held of it
  /// cannot be read.
  Result<Desired> DesiredFor(const Wanted& wanted, Time now) const;

  std::optional<Time> NextTransition(Time now) const;

 private:
  void CollectWanted();
  bool OnlyRightsKept(const Wanted& wanted) const;
  const model::Claim* ClaimOf(const access::Principal& principal) const;

  const ReconcilerSettings& settings_;
  const Held* held_;
  std::shared_ptr<const access::Snapshot> snapshot_;
  access::Compiler compiler_;
  // Beside everyone.sa as it is published; absent where that is the
  // compiler's own.
  std::optional<access::PolicyPaths> held_paths_;
  std::unordered_map<std::string, const model::Claim*> claims_;
  std::vector<Wanted> wanted_;
  std::unordered_set<std::string> ids_;
};

}  // namespace claviger::op

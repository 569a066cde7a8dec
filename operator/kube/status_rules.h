// SPDX-License-Identifier: Apache-2.0
//
// What each object's status should say after a pass: Accepted (the objects by
// themselves), Programmed (Vault follows) and Ready (both, and in force now).
// The reasons are documented in docs/reference/conditions.md. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access/compile.h"
#include "access/snapshot.h"
#include "operator/kube/counts.h"
#include "operator/kube/footprint.h"
#include "operator/kube/object_status.h"
#include "operator/kube/object_store.h"
#include "operator/pass_report.h"

namespace claviger::op {

/// What a pass was for and what became of it.
struct PassOutcome {
  const access::Snapshot& snapshot;
  const access::Compiler& compiler;
  /// Of the last pass that left nothing undone; null where there was none.
  const Footprint* settled;
  const PassReport& report;
  /// Connections that Grants keep from being deleted.
  const std::map<model::ObjectRef, std::vector<std::string>>& blocked;
  /// By uid: the generation that is known to have been brought to Vault.
  const std::map<std::string, int64_t>& programmed;
  Time now;
  /// Of `compiler`, at `now`.
  const AccessCounts& counts;
};

/// The statuses of all objects of the snapshot. The generation of each is
/// that of its metadata.
std::map<ObjectId, ObjectStatus> StatusesOf(const PassOutcome& outcome);

/// Of an object that could not be decoded: Accepted is False.
ObjectStatus StatusOfBroken(const model::Objects& broken, int64_t generation);

/// Of an object that is not taken into account yet.
ObjectStatus StatusOfPending(int64_t generation);

}  // namespace claviger::op

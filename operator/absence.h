// SPDX-License-Identifier: Apache-2.0
//
// What it means that an object is not there any more, or is there again. In a
// manifest directory absence is the deletion. The Kubernetes API tells of
// deletions: what is gone without one widens nothing, what was deleted takes
// effect whatever else is gone, and what comes back after it (a restored etcd)
// gives nothing until it is saved again. Pure.
#pragma once

#include <vector>

#include "base/time.h"
#include "operator/brake.h"
#include "operator/inventory.h"
#include "operator/pass_report.h"
#include "operator/reconciler.h"

namespace claviger::op {

struct Absence {
  Verdict verdict;
  /// What the ledger should say, by namespace; empty ones are to go.
  Inventories ledger;
  /// By namespace, what is gone unexplained though the brake is off.
  std::vector<Brake> missing;
};

/// `last` is the verdict of the read before. `known_is_older`: the inventories
/// are out of a backup that is older than `objects`, so that what is gone since
/// was not wiped: no brake, unless one was on.
Absence JudgeAbsence(const Inventories& known, const model::Objects& objects,
                     const Safety& safety, const Verdict& last, Time now,
                     bool known_is_older = false);

/// Makes `objects` what may take effect: those with a tombstone give nothing
/// (reason Restored), and what is missing holds back what it held back.
void ApplyLedger(const Inventories& ledger, model::Objects& objects);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// What a pass would change in Vault: the reconciler itself on a Store that
// records instead of writing. Blocking reads; stateless.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "operator/reconciler.h"

namespace claviger::op {

/// One write that would be made, with the texts before and after: JSON of the
/// policy, of the role, or of the bindings document; empty where absent.
struct PlannedChange {
  Action action = Action::kUpdate;
  Kind kind = Kind::kPolicy;
  std::string name;
  std::string before;
  std::string after;
};

struct PlanResult {
  /// In the order they would be made; the operator's own bookkeeping left out.
  std::vector<PlannedChange> changes;
  /// Conflicts, brakes and problems as the pass would report them.
  PassReport report;
};

/// Reads Vault through `store`, writes nothing. The Store's errors.
Result<PlanResult> Plan(const ReconcilerSettings& settings, Store& store,
                        model::Objects objects, Time now);

}  // namespace claviger::op

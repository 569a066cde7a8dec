// SPDX-License-Identifier: Apache-2.0
#include "operator/plan.h"

#include <utility>

#include "operator/recording_store.h"

namespace claviger::op {

Result<PlanResult> Plan(const ReconcilerSettings& settings, Store& store,
                        model::Objects objects, Time now) {
  RecordingStore recording(store);
  Reconciler reconciler(settings, recording);
  PlanResult result;
  result.report = reconciler.Pass(std::move(objects), now);
  if (result.report.interrupted) {
    return Fail(*std::move(result.report.interrupted), "plan");
  }
  result.changes = recording.changes();
  return result;
}

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// The state of everything, for people and for programs. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "base/time.h"
#include "cli/status_report.h"

namespace claviger::cli {

/// Counts of each kind, what is not ready with the reason, who leads, and pods
/// without their sidecar: one screen. `all`: everything, what is ready, too.
void PrintStatus(const StatusReport& report, Time now, bool all, bool colour,
                 std::ostream& out);

/// Every object, and the same counts.
nlohmann::ordered_json StatusJson(const StatusReport& report, Time now);

/// Every object is ready, an operator is leading, and no pod lacks its sidecar
/// by mistake.
bool AllWell(const StatusReport& report, Time now);

}  // namespace claviger::cli

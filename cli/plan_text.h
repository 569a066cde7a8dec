// SPDX-License-Identifier: Apache-2.0
//
// A plan as people and as programs read it. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "operator/plan.h"

namespace claviger::cli {

/// Each change with a diff of its JSON, then what stands in the way, then a
/// summary.
void PrintPlan(const op::PlanResult& plan, bool colour, std::ostream& out);

/// {"changes":[{"action","kind","name","before","after"}],"conflicts":[...],
/// "brakes":[...],"failures":[...],"summary":{"create","update","delete"}}.
nlohmann::ordered_json ToJson(const op::PlanResult& plan);

}  // namespace claviger::cli

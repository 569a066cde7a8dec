// SPDX-License-Identifier: Apache-2.0
//
// What a sidecar makes of the arguments that an injected pod gives it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "sidecar/config.h"

namespace claviger::testing {

/// By the sidecar's own reader; kInvalidArgument also for an argument that it
/// does not know.
Result<sidecar::Config> ConfigOf(const nlohmann::json& pod);

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Wall time as the project's one type, and RFC 3339 text for it. Pure: reads no
// clock (that is clock.h).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger {

/// A point in wall time, as windows and expiries use it.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Parses an RFC 3339 date-time ("2026-12-01T00:00:00Z", offsets and fractions
/// of a second accepted, leap second 60 refused). kInvalidArgument otherwise.
Result<Time> ParseRfc3339(std::string_view text);

/// "2026-12-01T00:00:00Z": UTC, whole seconds (rounded down).
std::string FormatRfc3339(Time time);

}  // namespace claviger

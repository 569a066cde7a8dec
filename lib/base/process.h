// SPDX-License-Identifier: Apache-2.0
//
// What a process does to itself as a whole.
#pragma once

#include "base/result.h"

namespace claviger {

/// Switches core dumps, and tracing by other processes, off for good.
/// kUnavailable where the kernel refuses; the process must then not go on.
Status ForbidCoreDumps();

/// Gives memory that is free back to the system, which the allocator keeps
/// otherwise. After work that needed much of it: takes some ten milliseconds
/// for each hundred megabytes. Thread-safe.
void ReturnFreeMemory();

}  // namespace claviger

// SPDX-License-Identifier: Apache-2.0
//
// What a process does to itself as a whole.
#pragma once

#include "base/result.h"

namespace claviger {

/// Switches core dumps, and tracing by other processes, off for good.
/// kUnavailable where the kernel refuses; the process must then not go on.
Status ForbidCoreDumps();

/// Lets the process open as many files as the system allows it at most: what
/// serves thousands needs more than the usual 1,024. As it was where that
/// fails.
void AllowManyFiles();

/// Gives memory that is free back to the system, which the allocator keeps
/// otherwise. After work that needed much of it: takes some ten milliseconds
/// for each hundred megabytes. Thread-safe.
void ReturnFreeMemory();

}  // namespace claviger

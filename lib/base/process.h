// SPDX-License-Identifier: Apache-2.0
//
// What a process that holds secrets does to itself at start. For main.cc.
#pragma once

#include "base/result.h"

namespace claviger {

/// Switches core dumps, and tracing by other processes, off for good.
/// kUnavailable where the kernel refuses; the process must then not go on.
Status ForbidCoreDumps();

}  // namespace claviger

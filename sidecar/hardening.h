// SPDX-License-Identifier: Apache-2.0
//
// What a process that holds secrets does before anything else. For main.cc.
#pragma once

#include "base/result.h"

namespace claviger::sidecar {

/// Switches core dumps and tracing by others off, and keeps the process small:
/// one allocation arena, small thread stacks. kUnavailable where the kernel
/// refuses; the process must then not go on.
Status HardenProcess();

}  // namespace claviger::sidecar

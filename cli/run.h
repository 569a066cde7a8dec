// SPDX-License-Identifier: Apache-2.0
//
// The whole program but its process: from the typed arguments to the exit
// code. What main.cc calls, and what tests call.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace claviger::cli {

/// `arguments` without the program's name. Never throws.
int Run(const std::vector<std::string>& arguments, Context& context);

}  // namespace claviger::cli

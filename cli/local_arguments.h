// SPDX-License-Identifier: Apache-2.0
//
// The options of the commands that ask the sidecar beside them: run and helper.
// A part of arguments.cc, as CLI11 is.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace claviger::cli {

void AddRun(CLI::App& app, RunOptions& options);
void AddHelper(CLI::App& app, HelperOptions& options);

}  // namespace claviger::cli

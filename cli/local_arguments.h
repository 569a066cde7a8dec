// SPDX-License-Identifier: Apache-2.0
//
// The options of the commands that ask the sidecar beside them: run, test and
// helper.
// A part of arguments.cc, as CLI11 is.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace claviger::cli {

void AddRun(CLI::App& app, RunOptions& options);
/// What is added, less how the answer is printed.
CLI::App* AddTest(CLI::App& app, TestOptions& options);
void AddHelper(CLI::App& app, HelperOptions& options);

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// What every command's exit code means (docs/reference/cli.md). Stable.
#pragma once

namespace claviger::cli {

enum ExitCode : int {
  kExitYes = 0,    // done, or the answer is yes
  kExitError = 1,  // it could not be found out
  kExitUsage = 2,  // the command line is wrong
  kExitNo = 3,     // the answer is no, or lint found problems
};

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// Programs that a test runs to their end, for what they print. Blocking; one
// thread.
#pragma once

#include <chrono>
#include <string>

#include "support/process.h"

namespace claviger::testing {

struct Ran {
  int exit_code = -1;  // 128 + the signal that ended it
  std::string out;
  std::string err;
};

/// Runs a program to its end, its output caught (at most 8 MiB each). Any exit
/// code is a success; kDeadlineExceeded if it does not end in time.
Result<Ran> RunToEnd(
    ProcessOptions options,
    std::chrono::milliseconds patience = std::chrono::seconds(120));

}  // namespace claviger::testing

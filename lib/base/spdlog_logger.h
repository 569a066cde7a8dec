// SPDX-License-Identifier: Apache-2.0
//
// The Logger that writes JSON lines to standard error, by spdlog. Only main.cc
// constructs one. Thread-safe.
#pragma once

#include <memory>

#include "base/log.h"

namespace claviger {

/// Lines below `level` are dropped before they are formatted. `component`
/// ("operator", "sidecar") is on every line.
std::unique_ptr<Logger> MakeStderrLogger(LogLevel level,
                                         std::string_view component);

}  // namespace claviger

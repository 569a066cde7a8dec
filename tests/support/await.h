// SPDX-License-Identifier: Apache-2.0
//
// Waiting for what another process brings about and tells nobody of. The one
// place where tests wait for a time, and never longer than it takes.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>

namespace claviger::testing {

/// True as soon as `holds` is; false when that did not come in time. `holds` is
/// called at least once, and again after each pause.
inline bool Await(
    const std::function<bool()>& holds, std::chrono::milliseconds patience,
    std::chrono::milliseconds pause = std::chrono::milliseconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, static_cast<int>(pause.count()));
  }
  return true;
}

}  // namespace claviger::testing

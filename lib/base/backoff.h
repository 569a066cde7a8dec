// SPDX-License-Identifier: Apache-2.0
//
// How long to wait before the next attempt. Full jitter applied after the cap:
// jitter before the cap gives no spread once the cap is reached, and a fleet
// that lost its server together would come back together. Pure.
#pragma once

#include <chrono>

#include "base/random.h"

namespace claviger {

struct BackoffPolicy {
  std::chrono::milliseconds base{200};
  std::chrono::milliseconds cap{30'000};
};

/// The wait before attempt `attempt` (0 for the first retry): uniform in
/// [0, min(cap, base * 2^attempt)), on top of the server's Retry-After (zero
/// without one).
std::chrono::milliseconds BackoffDelay(const BackoffPolicy& policy, int attempt,
                                       std::chrono::milliseconds retry_after,
                                       Random& random);
/// The same for a number in [0, 1) that was drawn already.
std::chrono::milliseconds BackoffDelay(const BackoffPolicy& policy, int attempt,
                                       std::chrono::milliseconds retry_after,
                                       double unit);

}  // namespace claviger

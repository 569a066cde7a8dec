// SPDX-License-Identifier: Apache-2.0
#include "base/backoff.h"

#include <algorithm>

namespace claviger {

std::chrono::milliseconds BackoffDelay(const BackoffPolicy& policy, int attempt,
                                       std::chrono::milliseconds retry_after,
                                       Random& random) {
  return BackoffDelay(policy, attempt, retry_after, random.Unit());
}

std::chrono::milliseconds BackoffDelay(const BackoffPolicy& policy, int attempt,
                                       std::chrono::milliseconds retry_after,
                                       double unit) {
  // 2^20 times any base is past any cap, and cannot overflow.
  const int doublings = std::clamp(attempt, 0, 20);
  const auto ceiling =
      std::min(policy.cap, policy.base * (int64_t{1} << doublings));
  const auto jitter = std::chrono::milliseconds(
      static_cast<int64_t>(static_cast<double>(ceiling.count()) * unit));
  return retry_after + jitter;
}

}  // namespace claviger

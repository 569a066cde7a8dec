// SPDX-License-Identifier: Apache-2.0
//
// The Api that repeats what may be repeated: idempotent calls that failed
// retryably, with full jitter after the cap and the server's Retry-After on
// top, never past the call's deadline, which bounds all attempts and waits
// together. The only retry loop on a path to Vault. Thread-safe; blocks in
// `sleeper` between attempts.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "vault/api.h"

namespace claviger::vault {

struct RetrySettings {
  BackoffPolicy backoff;
  int max_attempts = 3;
  std::chrono::milliseconds max_retry_after{30'000};
};

/// `sleeper` waits for the given time and returns false when the process is
/// stopping (the last error is then returned). Time spent within attempts
/// counts against the deadline only with a `clock`; without one, waits alone
/// do. All references outlive the result.
std::unique_ptr<Api> MakeRetryingApi(
    Api& next, const RetrySettings& settings, Random& random,
    std::function<bool(std::chrono::milliseconds)> sleeper,
    const Clock* clock = nullptr);

}  // namespace claviger::vault

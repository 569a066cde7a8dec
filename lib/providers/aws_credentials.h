// SPDX-License-Identifier: Apache-2.0
//
// How long the AWS SDKs are told that a credential is good: they ask again
// before that, and would keep one without an end for as long as they run. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/time.h"

namespace claviger::providers {

/// The credential's own end, and in 20 minutes at the latest: the SDKs then ask
/// every few minutes, so that what was rotated does not last.
inline Time AwsExpiration(Time now, const std::optional<Time>& end) {
  const Time last = now + std::chrono::minutes(20);
  return std::min(end.value_or(last), last);
}

}  // namespace claviger::providers

// SPDX-License-Identifier: Apache-2.0
//
// An end by the steady clock, shown as wall time: the same value each time it
// is asked for, and the right one again after the wall clock was set. Not
// synchronised.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.h"

namespace claviger::sidecar {

class ShownEnd {
 public:
  Time Of(SteadyTime end, const Clock& clock) {
    const Time fresh = clock.Now() + (end - clock.SteadyNow());
    const auto off = fresh > shown_ ? fresh - shown_ : shown_ - fresh;
    if (end != end_ || off > kTolerance) shown_ = fresh;
    end_ = end;
    return shown_;
  }

 private:
  static constexpr std::chrono::milliseconds kTolerance{2'000};

  std::optional<SteadyTime> end_;
  Time shown_;
};

}  // namespace claviger::sidecar

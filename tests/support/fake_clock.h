// SPDX-License-Identifier: Apache-2.0
//
// A Clock that moves only when a test moves it. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace claviger::testing {

class FakeClock final : public Clock {
 public:
  /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
  explicit FakeClock(Time now = Time(std::chrono::seconds(1'767'225'600)))
      : wall_(now.time_since_epoch().count()) {}

  Time Now() const override {
    return Time(std::chrono::milliseconds(wall_.load()));
  }
  SteadyTime SteadyNow() const override {
    return SteadyTime(std::chrono::milliseconds(steady_.load()));
  }

  /// Sets the wall clock, backwards too, as an administrator may; steady time
  /// does not move.
  void SetTime(Time now) { wall_ = now.time_since_epoch().count(); }

  /// Time passes: both clocks move.
  void Advance(std::chrono::milliseconds by) {
    wall_ += by.count();
    steady_ += by.count();
  }

 private:
  std::atomic<int64_t> wall_;
  std::atomic<int64_t> steady_{1'000'000};
};

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// The port to time. Wall time (expiry, windows) and steady time (waiting,
// deadlines) are different types, so that one cannot be used for the other.
// Implementations are safe to call from several threads.
#pragma once

#include <chrono>

#include "base/time.h"

namespace claviger {

using SteadyTime = std::chrono::time_point<std::chrono::steady_clock,
                                           std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
  virtual SteadyTime SteadyNow() const = 0;
};

/// The machine's clocks. Only main.cc constructs one.
class SystemClock final : public Clock {
 public:
  Time Now() const override;
  SteadyTime SteadyNow() const override;
};

}  // namespace claviger

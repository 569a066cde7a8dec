// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

namespace claviger {

Time SystemClock::Now() const {
  return std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::system_clock::now());
}

SteadyTime SystemClock::SteadyNow() const {
  return std::chrono::floor<std::chrono::milliseconds>(
      std::chrono::steady_clock::now());
}

}  // namespace claviger

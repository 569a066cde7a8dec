// SPDX-License-Identifier: Apache-2.0
//
// A Random whose numbers a test chooses: the given sequence, then the last of
// it for ever. Bytes differ from call to call and are the same in each run.
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace claviger::testing {

class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::vector<double> units = {0.5})
      : units_(std::move(units)) {}

  /// From now on these numbers.
  void Use(std::vector<double> units) {
    const std::lock_guard lock(mutex_);
    units_ = std::move(units);
    next_ = 0;
  }

  double Unit() override {
    const std::lock_guard lock(mutex_);
    if (units_.empty()) return 0.5;
    const double unit = units_[next_];
    if (next_ + 1 < units_.size()) ++next_;
    return unit;
  }

  std::string Bytes(size_t count) override {
    const std::lock_guard lock(mutex_);
    std::string bytes;
    bytes.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      // One step of a 64-bit linear congruence; its high bits vary well.
      state_ = state_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
      bytes += static_cast<char>(state_ >> 56U);
    }
    return bytes;
  }

 private:
  std::mutex mutex_;
  std::vector<double> units_;
  size_t next_ = 0;
  uint64_t state_ = 1;
};

}  // namespace claviger::testing

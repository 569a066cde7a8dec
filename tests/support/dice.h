// SPDX-License-Identifier: Apache-2.0
//
// Seeded choices for generated tests: the same seed gives the same sequence on
// every machine and compiler (the distributions of <random> do not). Not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace claviger::testing {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15ULL + 1) {}

  /// 0 .. bound-1; `bound` above 0.
  int Below(int bound) {
    return static_cast<int>(engine_() % static_cast<uint64_t>(bound));
  }
  /// low .. high, both included.
  int Between(int low, int high) { return low + Below(high - low + 1); }
  bool Chance(int percent) { return Below(100) < percent; }

  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[static_cast<size_t>(Below(static_cast<int>(items.size())))];
  }
  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1],
                items[static_cast<size_t>(Below(static_cast<int>(i)))]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace claviger::testing

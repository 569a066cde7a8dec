// SPDX-License-Identifier: Apache-2.0
//
// The largest resident size of this process since the mark, for tests that an
// answer of any size needs bounded memory. Linux only; not synchronised.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace claviger::testing {

class PeakMemory {
 public:
  /// Marks now: the kernel's high-water mark starts over.
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    start_ = Read("VmRSS:");
  }

  /// MiB by which the peak since the mark is over the size at the mark.
  int64_t GrowthMiB() const { return (Read("VmHWM:") - start_) / 1024; }

 private:
  static int64_t Read(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      int64_t kilobytes = 0;
      if (word == name && status >> kilobytes) return kilobytes;
    }
    return 0;
  }

  int64_t start_ = 0;
};

}  // namespace claviger::testing

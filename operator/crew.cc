// SPDX-License-Identifier: Apache-2.0
#include "operator/crew.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace claviger::op {

bool ForEachInParallel(size_t count, int threads,
                       const std::function<void(size_t)>& body,
                       const std::function<bool()>& stop) {
  std::atomic<size_t> next{0};
  std::atomic<bool> stopped{false};
  const auto work = [&] {
    while (!stopped) {
      const size_t index = next++;
      if (index >= count) return;
      body(index);
      if (stop()) stopped = true;
    }
  };
  const size_t helpers =
      std::min(static_cast<size_t>(std::max(threads, 1)), count);
  std::vector<std::thread> crew;
  for (size_t i = 1; i < helpers; ++i) crew.emplace_back(work);
  work();
  for (std::thread& thread : crew) thread.join();
  return next >= count;
}

}  // namespace claviger::op

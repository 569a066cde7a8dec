// SPDX-License-Identifier: Apache-2.0
//
// Waiting that ends early when the process is asked to. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace claviger::op {

class StopSignal {
 public:
  /// Waits; false as soon as the end was asked for.
  bool WaitFor(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopped_; });
  }
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
};

}  // namespace claviger::op

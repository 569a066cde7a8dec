// SPDX-License-Identifier: Apache-2.0
//
// Waiting that ends early when there is something to do, or when the process is
// asked to end. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace claviger::op {

class StopSignal {
 public:
  /// Waits until the time has passed or Wake was called since the last wait;
  /// false as soon as the end was asked for.
  bool WaitFor(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, time, [this] { return stopped_ || woken_; });
    woken_ = false;
    return !stopped_;
  }
  /// Waits out the time, whoever wakes; false as soon as the end was asked
  /// for.
  bool SleepFor(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopped_; });
  }
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_all();
  }
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  bool woken_ = false;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// The one thread on which a sidecar waits for Vault: jobs one after another,
// from a bounded queue or at a time. Post, At, Cancel and Stop are
// thread-safe; jobs run on whichever thread is in Run (or, in tests, RunDue)
// and may post and set timers themselves.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/clock.h"

namespace claviger::sidecar {

class Worker {
 public:
  using Job = std::function<void()>;
  using TimerId = uint64_t;  // never 0

  Worker(const Clock& clock, size_t max_queue)
      : clock_(clock), max_queue_(max_queue) {}

  /// Queues a job; false when the queue is full or Stop was called.
  bool Post(Job job);

  /// Runs `job` at `when`, once. Timers are the sidecar's own, so they are not
  /// bounded here.
  TimerId At(SteadyTime when, Job job);
  /// The timer does not run any more, unless it is running already. 0 and ids
  /// of timers that ran are fine.
  void Cancel(TimerId id);

  /// Runs jobs until Stop; jobs still queued then are dropped.
  void Run();
  void Stop();

  /// Runs everything that is due now, what these jobs add included, and
  /// returns: tests move time themselves.
  void RunDue();

 private:
  using TimerKey = std::pair<SteadyTime, TimerId>;

  // The next job that is due: timers first, so that a flood of requests cannot
  // keep the token from being renewed. Empty: nothing is due.
  Job TakeDue();
  void WaitForWork(std::unique_lock<std::mutex>& lock);

  const Clock& clock_;
  const size_t max_queue_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::map<TimerKey, Job> timers_;
  std::map<TimerId, SteadyTime> when_;
  TimerId last_id_ = 0;
  bool stopped_ = false;
};

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// The one thread on which everything is proxied, apart from the local API's:
// an Asio loop, work from other threads, and one timer for all deadlines.
// Post, Stop and RunOrPost are thread-safe; all else is for the loop's thread
// (or before Run).
#pragma once

#include <utility>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/clock.h"

namespace claviger::sidecar::proxy {

class Loop;

/// Something that must have happened by a time. Derive, set the deadline as
/// often as it moves (that is cheap), and be told once it has passed.
class Timed {
 public:
  explicit Timed(Loop& loop);
  virtual ~Timed();
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 protected:
  void SetDeadline(std::chrono::milliseconds from_now);
  void ClearDeadline() { deadline_ = SteadyTime::max(); }
  bool HasDeadline() const { return deadline_ != SteadyTime::max(); }

 private:
  friend class Loop;
  /// The deadline is cleared already; the object may end itself here.
  virtual void OnDeadline() = 0;

  Loop& loop_;
  SteadyTime deadline_ = SteadyTime::max();
};

class Loop {
 public:
  /// `clock` outlives the loop.
  explicit Loop(const Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& io() { return io_; }
  const Clock& clock() const { return clock_; }

  void Post(std::function<void()> task);
  /// At once on the loop's thread, else posted.
  void RunOrPost(std::function<void()> task);

  /// Runs until Stop.
  void Run();
  /// Run returns soon; what is posted later does not run.
  void Stop();

 private:
  friend class Timed;
  void Watch(SteadyTime when);
  void Sweep();

  const Clock& clock_;
  SteadyTime armed_ = SteadyTime::max();
  std::unordered_set<Timed*> timed_;
  std::vector<Timed*> due_;  // of the sweep under way; null: gone meanwhile
  std::atomic<std::thread::id> thread_{};
  // Behind what those who wait in it use when they are dropped with it.
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_;
  boost::asio::steady_timer timer_;
};

}  // namespace claviger::sidecar::proxy

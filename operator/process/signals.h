// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM and SIGINT, waited for on a thread of their own; a broken pipe is an
// error of a write, not of the process. Construct it before other threads are
// started: they inherit the mask. For main.cc.
#pragma once

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/log.h"
#include "operator/stop_signal.h"

namespace claviger::op {

class Signals {
 public:
  Signals() {
    sigemptyset(&waited_for_);
    for (const int signal : {SIGTERM, SIGINT, kWake}) {
      sigaddset(&waited_for_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &waited_for_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Signals() { End(); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Ends the waiting; before what Start was given goes.
  void End() {
    if (!thread_.joinable()) return;
    ending_ = true;
    pthread_kill(thread_.native_handle(), kWake);
    thread_.join();
  }
  void Start(StopSignal& stop, Logger& log) {
    thread_ = std::thread([this, &stop, &log] {
      int signal = kWake;
      while (signal == kWake && !ending_) sigwait(&waited_for_, &signal);
      if (signal == kWake) return;
      log.Info("stopping");
      stop.Stop();
    });
  }

 private:
  static constexpr int kWake = SIGUSR1;

  sigset_t waited_for_ = {};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signal.h"

#include <poll.h>
#include <pthread.h>

#include <csignal>
#include <ctime>

namespace claviger::cli {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void ProcessStopSignal::Arm() {
  const sigset_t signals = StopSignals();
  // Threads started from here on inherit the mask, so that the signal stays
  // pending until WaitFor takes it.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  armed_ = true;
}

bool ProcessStopSignal::WaitFor(std::chrono::milliseconds time) {
  if (stopped_) return false;
  if (!armed_) {
    poll(nullptr, 0, static_cast<int>(time.count()));
    return true;
  }
  const sigset_t signals = StopSignals();
  const timespec timeout = {time.count() / 1000,
                            (time.count() % 1000) * 1'000'000};
  stopped_ = sigtimedwait(&signals, nullptr, &timeout) > 0;
  return !stopped_;
}

}  // namespace claviger::cli

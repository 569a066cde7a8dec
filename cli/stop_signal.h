// SPDX-License-Identifier: Apache-2.0
//
// The port to "please end" and to waiting, so that commands that run on can be
// tested without signals and without time passing.
#pragma once

#include <chrono>

namespace claviger::cli {

class StopSignal {
 public:
  virtual ~StopSignal() = default;
  /// From now on SIGINT and SIGTERM do not end the process but WaitFor. Call
  /// it before other threads are started.
  virtual void Arm() = 0;
  /// Waits; false as soon as the end was asked for. Used by one thread.
  virtual bool WaitFor(std::chrono::milliseconds time) = 0;
};

/// The process's signals. Only main.cc constructs one.
class ProcessStopSignal final : public StopSignal {
 public:
  void Arm() override;
  bool WaitFor(std::chrono::milliseconds time) override;

 private:
  bool armed_ = false;
  bool stopped_ = false;
};

}  // namespace claviger::cli

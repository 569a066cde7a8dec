// SPDX-License-Identifier: Apache-2.0
//
// Runs a program with variables that hold secrets, for as long as it runs: what
// a small init does (passes signals on, collects every child that ends, ends as
// the program does), and what is asked for when the variables change. Blocks
// signals of the calling process and makes it the parent of orphans; one
// thread, one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/local/variables.h"

namespace claviger::cli {

enum class OnRotation { kNothing, kRestart, kSignal };

struct ProgramSettings {
  std::vector<std::string> argv;       // the program first, found by PATH
  std::vector<std::string> inherited;  // "NAME=value", for the program
  OnRotation on_rotation = OnRotation::kNothing;
  int signal = SIGHUP;  // with kSignal
  /// How often the variables are read again.
  std::chrono::milliseconds look{5'000};
  /// How long the program may take to end before it is killed, where it is
  /// ended for another start.
  std::chrono::milliseconds grace{10'000};
  /// For how long an outage is waited for before the first start.
  std::chrono::milliseconds patience{30'000};
};

/// "HUP" or "SIGHUP"; absent: not one that programs are told things by.
std::optional<int> ParseSignal(const std::string& name);

class Program {
 public:
  /// `read` gives the variables as they are now: kPermissionDenied or
  /// kInvalidArgument where there will be none, else it is worth another try.
  using Read = std::function<Result<Variables>()>;

  Program(ProgramSettings settings, Read read, std::ostream& err);

  /// The exit code: the program's, 128 + the signal that ended it, 126 or 127
  /// where it cannot be started, 3 where the variables are refused, 1 where
  /// they could not be had.
  int Run();

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<Variables> ReadFirst();
  bool Start(const Variables& variables);
  void WaitForSignal();
  void OnSignal(int signal, bool from_terminal);
  void Reap();
  void OnEnd(int code);
  void Look();
  void Lost(const Error& error);
  void Replace(Variables variables);
  void Tell(const std::string& message);

  const ProgramSettings settings_;
  const Read read_;
  std::ostream& err_;
  sigset_t waited_{};

  pid_t child_ = 0;
  std::optional<int> code_;  // how it all ended
  Variables current_;
  std::optional<Variables> next_;  // to be started with, once the child ended
  bool leaving_ = false;           // an end was asked for
  bool refused_ = false;           // the child is ended for want of access
  std::string told_;
  Clock::time_point look_at_;
  std::optional<Clock::time_point> kill_at_;
};

}  // namespace claviger::cli

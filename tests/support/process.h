// SPDX-License-Identifier: Apache-2.0
//
// One child process of a test: started without a shell, its output in files,
// waited for with deadlines, stopped by its own pid, and killed by the kernel
// when the thread that started it ends (so start it from a thread that lives
// as long as the child should). Not synchronised.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace claviger::testing {

struct ProcessOptions {
  /// argv[0] is the program: a path, or a name looked up on PATH.
  std::vector<std::string> argv;
  /// "NAME=value", put before what is inherited. Secrets belong here or into
  /// files, never into argv.
  std::vector<std::string> environment;
  std::string directory;    // empty: the caller's
  std::string stdout_path;  // empty: /dev/null
  std::string stderr_path;  // empty: /dev/null; may equal stdout_path
  std::string user;         // run as this user; empty: the caller's
  int death_signal = SIGKILL;
};

class Process {
 public:
  /// kUnsupported if there is no such program, kInternal otherwise.
  static Result<Process> Start(const ProcessOptions& options);
  /// Stops it.
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();

  /// Sends a signal, if it still runs.
  void Signal(int signal_number);

  /// Waits for the end: the exit code, or 128 + the signal that ended it.
  std::optional<int> WaitForExit(std::chrono::milliseconds timeout);

  /// SIGTERM, and SIGKILL if it has not ended after `grace`.
  int Stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

  /// Waits for a complete line with `text` in stdout or stderr and returns the
  /// line. kUnavailable when the process ends, kDeadlineExceeded.
  Result<std::string> WaitForLine(std::string_view text,
                                  std::chrono::milliseconds timeout);

  /// Waits until somebody listens on 127.0.0.1:`port`.
  Status WaitForPort(uint16_t port, std::chrono::milliseconds timeout);

  /// The last of stderr, for messages about a failed start.
  std::string StderrTail() const;

 private:
  Process(pid_t pid, int pid_fd, const ProcessOptions& options);
  /// Why waiting must end: the process is gone, or the deadline is.
  Status MayWait(std::string_view what,
                 std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;  // -1: moved from
  int pid_fd_ = -1;
  std::optional<int> exit_code_;
  std::string program_;
  std::string stdout_path_;
  std::string stderr_path_;
};

/// The full path of an executable file on PATH; kUnsupported if there is none.
Result<std::string> FindProgram(const std::string& name);

/// A TCP port of 127.0.0.1 that was free a moment ago. Nothing keeps another
/// process from taking it: prefer servers that pick one themselves.
Result<uint16_t> FreePort();

}  // namespace claviger::testing

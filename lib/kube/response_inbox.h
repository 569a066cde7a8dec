// SPDX-License-Identifier: Apache-2.0
//
// Where the library's threads leave what arrives and a caller's thread waits
// for it, with a deadline: the seam between futures and blocking calls.
// Bounded: who writes learns to stop or to wait. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace claviger::kube {

class ResponseInbox {
 public:
  struct Head {
    int status = 0;
    std::optional<std::chrono::seconds> retry_after;
  };

  /// `limit`: bytes of the whole body; 0: none, but no more than 4 MiB are
  /// held at a time.
  ResponseInbox(const Clock& clock, size_t limit)
      : clock_(clock), limit_(limit) {}

  // For who writes.
  void PutHead(const Head& head);
  /// False: no more is wanted. `resume` is called once the bytes may be
  /// followed by more, here or by who takes them.
  bool PutBytes(std::string_view bytes, std::function<void()> resume);
  /// The end; the first one counts.
  void Finish(std::optional<Error> error);

  // For who reads.
  /// From now on a body has this bound; too much that is there already ends it.
  void Limit(size_t limit);
  /// kDeadlineExceeded, or what it ended with.
  Result<Head> WaitForHead(SteadyTime deadline);
  /// All of the body. The same errors, and kTooLarge.
  Result<std::string> WaitForAll(SteadyTime deadline);
  /// The next bytes; empty at the end.
  Result<std::string> WaitForSome(std::chrono::milliseconds silence);

 private:
  bool Wait(std::unique_lock<std::mutex>& lock, SteadyTime deadline,
            const std::function<bool()>& ready);
  bool IsOver(size_t bytes) const { return limit_ > 0 && bytes > limit_; }

  const Clock& clock_;
  std::mutex mutex_;  // guards what is below
  std::condition_variable changed_;
  size_t limit_;
  std::optional<Head> head_;
  std::string bytes_;
  std::function<void()> resume_;
  bool finished_ = false;
  std::optional<Error> error_;
};

}  // namespace claviger::kube

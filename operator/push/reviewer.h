// SPDX-License-Identifier: Apache-2.0
//
// Asks the API server whose tokens are, on threads of its own: bounded in how
// many wait and in how many are asked about a second, and kept for a moment,
// whatever the answer. Thread-safe; Review never blocks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "kube/client.h"

namespace claviger::op::push {

struct ReviewSettings {
  std::string audience;
  double per_second = 50;
  double burst = 100;
  size_t max_waiting = 256;
  size_t max_kept = 4'096;
  std::chrono::milliseconds keep{60'000};
  int threads = 2;
};

class Reviewer {
 public:
  /// The principal's id; kUnauthenticated: not such a token; kRateLimited: ask
  /// later; the Kubernetes client's errors.
  using Done = std::function<void(Result<std::string>)>;

  /// References outlive the object.
  Reviewer(ReviewSettings settings, const kube::Client& client,
           const Clock& clock, Logger& log);
  /// What waits is answered kUnavailable.
  ~Reviewer();
  Reviewer(const Reviewer&) = delete;
  Reviewer& operator=(const Reviewer&) = delete;

  /// Calls `done` once: here where it is known, else on one of the threads.
  void Review(Secret token, Done done);

 private:
  struct Waiting {
    Secret token;
    std::string digest;
    Done done;
  };
  struct Kept {
    std::optional<std::string> principal;  // none: refused
    SteadyTime until;
  };

  void Run();
  void Answer(Waiting one);
  // These need mutex_.
  std::optional<Result<std::string>> Known(const std::string& digest);
  bool MayAsk();
  void Keep(const std::string& digest, const Result<std::string>& answer);

  const ReviewSettings settings_;
  const kube::Client& client_;
  const Clock& clock_;
  Logger& log_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<Waiting> waiting_;
  std::unordered_map<std::string, Kept> kept_;  // by the token's digest
  double allowance_;
  SteadyTime allowance_at_;
  std::vector<std::thread> threads_;
};

}  // namespace claviger::op::push

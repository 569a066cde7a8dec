// SPDX-License-Identifier: Apache-2.0
//
// Keeps a line to the operator that leads, found by a document in Vault, and
// looks at the bindings soon after it told of a change. Only an accelerator:
// whatever becomes of it, the bindings are polled as before; and an operator
// that tells too much makes this ask Vault at most twice as often.
// Worker thread, but for Begin and End.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "sidecar/metrics.h"
#include "sidecar/push/line.h"
#include "sidecar/worker.h"

namespace claviger::sidecar::push {

class Client {
 public:
  struct Parts {
    const Clock& clock;
    Random& random;
    Logger& log;
    Worker& worker;
    Metrics& metrics;
    /// How often bindings are polled: no more often, in the long run, are they
    /// looked at because of news.
    std::chrono::milliseconds poll;
    /// Null: no line is kept.
    Line* line;
    /// The document in Vault; kNotFound while there is none.
    std::function<Result<access::PushDocument>()> find;
    /// The token for the operator.
    std::function<Result<Secret>()> token;
    /// Looks at the bindings in Vault, unless Vault is away.
    std::function<void()> check;
  };
  explicit Client(Parts parts);

  /// Thread-safe.
  void Begin();
  /// After the worker has stopped.
  void End();

 private:
  void ConnectAfter(std::chrono::milliseconds pause);
  void Connect();
  void Heard(bool own);
  void Ended(const Error& why);
  void CheckSoon(bool own);
  bool MayCheck();

  const Parts parts_;
  int failures_ = 0;
  SteadyTime connected_at_;
  // News that the worker has not seen yet; however many come, one job.
  std::atomic<bool> own_{false};
  std::atomic<bool> everyone_{false};
  std::atomic<bool> posted_{false};
  bool checking_ = false;  // a check is due already
  double allowance_;
  SteadyTime allowance_at_;
};

}  // namespace claviger::sidecar::push

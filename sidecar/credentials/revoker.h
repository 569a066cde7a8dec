// SPDX-License-Identifier: Apache-2.0
//
// Leases that are not wanted any more: revoked in Vault, tried again while it
// is away or refuses, and given up once they have ended by themselves. Revoke
// is thread-safe; Vault is asked on the worker thread.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

class Revoker {
 public:
  using Call = std::function<Status(const std::string& lease_id)>;

  /// All references outlive the object.
  Revoker(Worker& worker, const Clock& clock, Random& random, Call call)
      : worker_(worker),
        clock_(clock),
        random_(random),
        call_(std::move(call)) {}

  /// `ends`: when the lease has ended by itself. An empty id is no lease. Over
  /// the bound of waiting ones it is left to its end.
  void Revoke(std::string lease_id, SteadyTime ends);

 private:
  void Try(const std::string& lease_id, SteadyTime ends, int failures);

  static constexpr int kMaxWaiting = 1'024;

  Worker& worker_;
  const Clock& clock_;
  Random& random_;
  const Call call_;
  std::mutex mutex_;
  int waiting_ = 0;
};

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// How often a connection's credential may be fetched anew because somebody
// said that it does not work: callers and servers decide how often they say
// so. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "model/object.h"

namespace claviger::sidecar {

class RefetchLimit {
 public:
  RefetchLimit(const Clock& clock, std::chrono::milliseconds pause)
      : clock_(clock), pause_(pause) {}

  /// True once per connection and pause.
  bool May(const model::ObjectRef& connection) {
    const SteadyTime now = clock_.SteadyNow();
    const std::lock_guard lock(mutex_);
    std::erase_if(fetched_, [&](const auto& entry) {
      return now >= entry.second + pause_;
    });
    return fetched_.emplace(connection, now).second;
  }

 private:
  const Clock& clock_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::map<model::ObjectRef, SteadyTime> fetched_;
};

}  // namespace claviger::sidecar

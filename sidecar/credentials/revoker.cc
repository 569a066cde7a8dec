// SPDX-License-Identifier: Apache-2.0
#include "sidecar/credentials/revoker.h"

#include <chrono>
#include <utility>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kBackoff{milliseconds(1'000), milliseconds(60'000)};
constexpr milliseconds kLeastPause{1'000};

}  // namespace

void Revoker::Revoke(std::string lease_id, SteadyTime ends) {
  if (lease_id.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_ >= kMaxWaiting) return;
    ++waiting_;
  }
  worker_.At(clock_.SteadyNow(),
             [this, id = std::move(lease_id), ends] { Try(id, ends, 0); });
}

void Revoker::Try(const std::string& lease_id, SteadyTime ends, int failures) {
  const Status done = call_(lease_id);
  const SteadyTime now = clock_.SteadyNow();
  // Whatever the error: RevokeLease tells apart what is gone already, and a
  // lease given up for a refusal that passes would live to its end.
  if (!done && now < ends) {
    const auto pause = BackoffDelay(
        kBackoff, failures, done.error().retry_after.value_or(milliseconds(0)),
        random_);
    worker_.At(now + kLeastPause + pause, [this, lease_id, ends, failures] {
      Try(lease_id, ends, failures + 1);
    });
    return;
  }
  const std::lock_guard lock(mutex_);
  --waiting_;
}

}  // namespace claviger::sidecar

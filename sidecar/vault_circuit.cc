// SPDX-License-Identifier: Apache-2.0
#include "sidecar/vault_circuit.h"

#include <chrono>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kBackoff{milliseconds(500), milliseconds(15'000)};
constexpr milliseconds kLeastPause{100};

}  // namespace

Result<vault::Answer> VaultCircuit::Do(const vault::Call& call) {
  {
    const std::lock_guard lock(mutex_);
    const auto left = closed_until_ - clock_.SteadyNow();
    if (left.count() > 0) {
      Error error = last_;
      error.retry_after = left;
      return Fail(std::move(error));
    }
  }
  Result<vault::Answer> answer = next_.Do(call);
  Note(answer);
  return answer;
}

void VaultCircuit::Forgive() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  closed_until_ = clock_.SteadyNow();
}

void VaultCircuit::Note(const Result<vault::Answer>& answer) {
  const std::lock_guard lock(mutex_);
  if (answer || !IsRetryable(answer.error().code)) {
    failures_ = 0;
    return;
  }
  last_ = answer.error();
  closed_until_ =
      clock_.SteadyNow() + kLeastPause +
      BackoffDelay(kBackoff, failures_++,
                   last_.retry_after.value_or(milliseconds(0)), random_);
}

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/vault_circuit.h"

#include <algorithm>
#include <chrono>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kBackoff{milliseconds(500), milliseconds(15'000)};
constexpr milliseconds kLeastPause{100};
constexpr milliseconds kUrgentPause{500};

}  // namespace

Result<vault::Answer> VaultCircuit::Do(const vault::Call& call) {
  {
    const std::lock_guard lock(mutex_);
    const auto until =
        urgent_ ? std::min(urgent_from_, closed_until_) : closed_until_;
    const auto left = until - clock_.SteadyNow();
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

VaultCircuit::Urgency::Urgency(VaultCircuit& circuit, bool urgent)
    : circuit_(circuit) {
  circuit_.SetUrgent(urgent);
}

VaultCircuit::Urgency::~Urgency() { circuit_.SetUrgent(false); }

void VaultCircuit::SetUrgent(bool urgent) {
  const std::lock_guard lock(mutex_);
  urgent_ = urgent;
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
  urgent_from_ = clock_.SteadyNow() + kUrgentPause +
                 last_.retry_after.value_or(milliseconds(0));
  closed_until_ =
      clock_.SteadyNow() + kLeastPause +
      BackoffDelay(kBackoff, failures_++,
                   last_.retry_after.value_or(milliseconds(0)), random_);
}

}  // namespace claviger::sidecar

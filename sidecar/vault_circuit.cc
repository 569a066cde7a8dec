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

// Of mounts with several segments this is what they have in common.
std::string MountOf(const std::string& path) {
  return path.substr(0, path.find('/'));
}

}  // namespace

Result<vault::Answer> VaultCircuit::Do(const vault::Call& call) {
  const std::string mount = MountOf(call.path);
  {
    const std::lock_guard lock(mutex_);
    const auto until =
        urgent_ ? std::min(urgent_from_, closed_until_) : closed_until_;
    const auto left = until - clock_.SteadyNow();
    if (left.count() > 0 && IsShut(mount)) {
      Error error = last_;
      error.retry_after = left;
      return Fail(std::move(error));
    }
  }
  Result<vault::Answer> answer = next_.Do(call);
  Note(mount, answer);
  return answer;
}

bool VaultCircuit::IsShut(const std::string& mount) const {
  return whole_ || mount == failed_mount_;
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

void VaultCircuit::Note(const std::string& mount,
                        const Result<vault::Answer>& answer) {
  const std::lock_guard lock(mutex_);
  if (answer || !IsRetryable(answer.error().code)) {
    whole_ = false;
    answered_ = true;
    if (mount == failed_mount_) failures_ = 0;
    return;
  }
  const bool another = mount != failed_mount_;
  const ErrorCode code = answer.error().code;
  whole_ = whole_ || code == ErrorCode::kSealed ||
           code == ErrorCode::kRateLimited ||
           (another && failures_ > 0 && !answered_);
  if (another && !whole_) failures_ = 0;
  failed_mount_ = mount;
  answered_ = false;
  last_ = answer.error();
  urgent_from_ = clock_.SteadyNow() + kUrgentPause +
                 last_.retry_after.value_or(milliseconds(0));
  closed_until_ =
      clock_.SteadyNow() + kLeastPause +
      BackoffDelay(kBackoff, failures_++,
                   last_.retry_after.value_or(milliseconds(0)), random_);
}

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/personal/allowance.h"

namespace claviger::sidecar {

bool Allowance::Take(const model::ObjectRef& object, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(full_at_, [&](const auto& one) { return one.second <= now; });
  SteadyTime& full_at = full_at_.try_emplace(object, now).first->second;
  if (full_at + pause_ > now + at_once_ * pause_) return false;
  full_at += pause_;
  return true;
}

}  // namespace claviger::sidecar

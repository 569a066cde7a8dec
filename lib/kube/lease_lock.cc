// SPDX-License-Identifier: Apache-2.0
#include "kube/lease_lock.h"

#include <algorithm>
#include <utility>

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;

// A lease that claims more was not written by one of us.
constexpr std::chrono::seconds kLongestDuration{120};

}  // namespace

LeaseLock::LeaseLock(const Client& client, LeaseLockSettings settings,
                     Random& random)
    : client_(client), settings_(std::move(settings)), random_(random) {}

LeaseLock::Outcome LeaseLock::Step(const Now& now) {
  if (Leads(now.steady)) return Renew(now);
  Lose();
  return Acquire(now);
}

LeaseLock::Outcome LeaseLock::Waiting(std::optional<Error> error) {
  // Up to 1.2 retries more: those who wait do not come all at once.
  const milliseconds retry = settings_.retry;
  const auto jitter = milliseconds(static_cast<int64_t>(
      1.2 * static_cast<double>(retry.count()) * random_.Unit()));
  const milliseconds asked =
      error ? error->retry_after.value_or(milliseconds(0)) : milliseconds(0);
  return {false, std::move(error), std::max(asked, retry + jitter)};
}

LeaseLock::Outcome LeaseLock::StillLeading(Error error) {
  return {true, std::move(error), settings_.retry};
}

void LeaseLock::Note(const std::string& name, std::string text) {
  const std::lock_guard lock(notes_mutex_);
  told_.insert_or_assign(name, std::move(text));
}

std::string LeaseLock::Noted(const std::string& name) const {
  const std::lock_guard lock(notes_mutex_);
  const auto found = noted_.find(name);
  return found == noted_.end() ? "" : found->second;
}

LeaseLock::Notes LeaseLock::Told() const {
  const std::lock_guard lock(notes_mutex_);
  return told_;
}

void LeaseLock::ForgetTold() {
  const std::lock_guard lock(notes_mutex_);
  told_.clear();
}

void LeaseLock::Observe(Lease lease, SteadyTime now) {
  {
    const std::lock_guard lock(notes_mutex_);
    noted_ = lease.notes;
  }
  const bool changed =
      !observed_ || observed_->resource_version != lease.resource_version;
  if (changed) observed_at_ = now;
  observed_ = std::move(lease);
}

bool LeaseLock::IsFree(SteadyTime now) const {
  if (observed_->holder.empty() || observed_->holder == settings_.identity) {
    return true;
  }
  const auto duration =
      std::clamp(observed_->duration, settings_.duration, kLongestDuration);
  return now >= observed_at_ + duration;
}

LeaseLock::Outcome LeaseLock::Won(const Now& now, Lease stored) {
  Observe(std::move(stored), now.steady);
  leads_until_ =
      (now.steady + settings_.renew_deadline).time_since_epoch().count();
  return {true, std::nullopt, settings_.retry};
}

LeaseLock::Outcome LeaseLock::Renew(const Now& now) {
  Lease renewed = *observed_;
  renewed.renewed = now.wall;
  renewed.notes = Told();
  auto stored = UpdateLease(client_, settings_.lease, renewed);
  if (stored) return Won(now, *std::move(stored));
  const ErrorCode code = stored.error().code;
  if (code == ErrorCode::kNotFound) {
    Lose();
    return Waiting(stored.error());
  }
  if (code != ErrorCode::kConflict) return StillLeading(stored.error());
  // Somebody took it, or it is our own write whose answer was lost.
  auto found = GetLease(client_, settings_.lease);
  if (!found) return StillLeading(found.error());
  const bool ours = found->holder == settings_.identity;
  Observe(*std::move(found), now.steady);
  if (ours) return {true, std::nullopt, milliseconds(0)};
  Lose();
  return Waiting(stored.error());
}

LeaseLock::Outcome LeaseLock::Acquire(const Now& now) {
  ForgetTold();
  auto found = GetLease(client_, settings_.lease);
  const bool absent = !found && found.error().code == ErrorCode::kNotFound;
  if (!found && !absent) return Waiting(found.error());
  Lease wanted;
  if (found) {
    Observe(*std::move(found), now.steady);
    if (!IsFree(now.steady)) return Waiting();
    wanted = *observed_;
    wanted.notes.clear();  // they stay
    if (wanted.holder != settings_.identity) ++wanted.transitions;
  }
  wanted.holder = settings_.identity;
  wanted.duration = settings_.duration;
  wanted.acquired = now.wall;
  wanted.renewed = now.wall;
  auto stored = absent ? CreateLease(client_, settings_.lease, wanted)
                       : UpdateLease(client_, settings_.lease, wanted);
  if (!stored) return Waiting(stored.error());
  return Won(now, *std::move(stored));
}

Status LeaseLock::Release(const Now& now) {
  if (!Leads(now.steady)) {
    Lose();
    return {};
  }
  Lose();
  Lease released = *observed_;
  released.holder.clear();
  released.duration = std::chrono::seconds(1);
  released.renewed = now.wall;
  released.notes = Told();
  auto stored = UpdateLease(client_, settings_.lease, released);
  if (!stored) return Fail(std::move(stored).error());
  Observe(*std::move(stored), now.steady);
  return {};
}

}  // namespace claviger::kube

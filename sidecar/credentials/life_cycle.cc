// SPDX-License-Identifier: Apache-2.0
#include "sidecar/credentials/life_cycle.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace claviger::sidecar::life {
namespace {

// No lease lives longer, and sums of times cannot overflow.
constexpr milliseconds kLongest = std::chrono::hours(24 * 3'650);
// Vault counts in whole seconds: that much less than asked for is no less.
constexpr milliseconds kSlack{1'000};
// A role that is to be rotated now is rotated within seconds.
constexpr milliseconds kLeastRotated{1'000};
constexpr milliseconds kShortestPause{250};
// Those who share a role do not all read it in the moment it changes.
constexpr milliseconds kRotatedSpread{2'000};

milliseconds Share(double share, milliseconds of) {
  return milliseconds(
      static_cast<int64_t>(share * static_cast<double>(of.count())));
}

// Half to 80 % of a life.
SteadyTime Within(SteadyTime from, milliseconds ttl, double dice) {
  return from + Share(0.5 + 0.3 * dice, ttl);
}

// Vault's word about what was asked for, rather than no answer from it.
bool IsVerdict(const Error& error) {
  return error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kPermissionDenied ||
         error.code == ErrorCode::kInvalidArgument;
}

Held* HeldIn(Life& life) {
  if (auto* fresh = std::get_if<Fresh>(&life)) return &fresh->held;
  if (auto* renewing = std::get_if<Renewing>(&life)) return &renewing->held;
  if (auto* stale = std::get_if<Stale>(&life)) return &stale->held;
  return nullptr;
}

const Held* HeldIn(const Life& life) { return HeldIn(const_cast<Life&>(life)); }

// One event at one instant.
class Transition {
 public:
  Transition(SteadyTime now, double dice, const Pace& pace)
      : now_(now), dice_(dice), pace_(pace) {}

  Life Aged(Life life) const {
    const Held* held = HeldIn(life);
    const auto end = held == nullptr ? std::nullopt : EndOf(*held);
    if (!end || now_ < *end) return life;
    Expired expired;
    expired.due = now_;
    if (const Trouble* trouble = TroubleOf(life)) {
      expired.trouble = *trouble;
      expired.due = std::max(now_, trouble->retry_at);
    }
    const auto* fresh = std::get_if<Fresh>(&life);
    if (fresh != nullptr && held->lifetime.kind == Lifetime::Kind::kRotated) {
      expired.due = std::max(now_, fresh->due);
    }
    // What comes of a renewal does not matter any more.
    const auto* renewing = std::get_if<Renewing>(&life);
    expired.reading = renewing != nullptr && renewing->task == Task::kRead;
    return expired;
  }

  Life On(Life life, const Began& began) const {
    if (IsBusy(life)) return life;
    if (auto* absent = std::get_if<Absent>(&life)) absent->reading = true;
    if (auto* expired = std::get_if<Expired>(&life)) expired->reading = true;
    const Held* held = HeldIn(life);
    if (held == nullptr) return life;
    Renewing renewing;
    renewing.held = *held;
    renewing.task = MayRenew(*held) ? began.task : Task::kRead;
    if (const Trouble* trouble = TroubleOf(life)) renewing.trouble = *trouble;
    return renewing;
  }

  Life On(Life life, const Read& read) const {
    if (!IsBusy(life)) return life;
    Fresh fresh;
    fresh.held.lifetime = read.lifetime;
    fresh.held.lifetime.ttl =
        std::clamp(read.lifetime.ttl, milliseconds(0), kLongest);
    const milliseconds ttl = fresh.held.lifetime.ttl;
    switch (read.lifetime.kind) {
      case Lifetime::Kind::kEndless:
        fresh.due = now_ + Share(0.8 + 0.4 * dice_, Comparison(ttl));
        return fresh;
      case Lifetime::Kind::kRotated:
        fresh.held.ends = read.asked + std::max(ttl, kLeastRotated);
        fresh.due = *fresh.held.ends + Share(dice_, kRotatedSpread);
        break;
      case Lifetime::Kind::kLease:
        fresh.held.ends = read.asked + ttl;
        fresh.due = Within(read.asked, ttl, dice_);
        fresh.next = MayRenew(fresh.held) ? Task::kRenew : Task::kRead;
        break;
    }
    if (now_ < *fresh.held.ends) return fresh;
    return On(std::move(life),
              Failed{{ErrorCode::kMalformed, "what vault gave has no time left",
                      std::nullopt}});
  }

  Life On(Life life, const Renewed& renewed) const {
    auto* renewing = std::get_if<Renewing>(&life);
    if (renewing == nullptr || renewing->task != Task::kRenew) return life;
    Fresh fresh;
    fresh.held = renewing->held;
    Lifetime& lifetime = fresh.held.lifetime;
    const milliseconds ttl = std::clamp(renewed.ttl, milliseconds(0), kLongest);
    // Less than was asked for: the end of its longest life is near, and the
    // next renewal would give less still.
    const bool capped = ttl.count() == 0 || ttl + kSlack < lifetime.ttl;
    lifetime.renewable = lifetime.renewable && renewed.renewable && !capped;
    fresh.next = MayRenew(fresh.held) ? Task::kRenew : Task::kRead;
    fresh.due = now_;
    if (ttl.count() > 0) {
      fresh.held.ends = renewed.asked + ttl;
      fresh.due = Within(renewed.asked, ttl, dice_);
    }
    return Aged(fresh);
  }

  Life On(Life life, const Failed& failed) const {
    if (!IsBusy(life)) return life;
    const Trouble* before = TroubleOf(life);
    const Trouble trouble = Troubled(failed.error, before);
    auto* renewing = std::get_if<Renewing>(&life);
    if (renewing != nullptr && renewing->task == Task::kRenew) {
      return RenewalFailed(renewing->held, trouble);
    }
    if (IsVerdict(failed.error)) return Absent{trouble, false};
    if (renewing != nullptr) {
      return Stale{renewing->held, Task::kRead,
                   Pressed(renewing->held, trouble)};
    }
    if (std::holds_alternative<Expired>(life)) {
      return Expired{trouble, trouble.retry_at, false};
    }
    return Absent{trouble, false};
  }

  Life On(Life life, const LoginEnds& login) const {
    Held* held = HeldIn(life);
    if (held == nullptr || !held->lifetime.of_login) return life;
    held->login_ends = login.at;
    if (!login.last) return Aged(std::move(life));
    held->lifetime.renewable = false;
    if (auto* stale = std::get_if<Stale>(&life)) stale->next = Task::kRead;
    if (auto* fresh = std::get_if<Fresh>(&life)) {
      fresh->next = Task::kRead;
      // Those who lose a login together do not all read at once.
      const milliseconds left =
          std::clamp(*EndOf(*held) - now_, milliseconds(0), kLongest);
      const double share = login.at_once ? 0 : 0.5 * dice_;
      fresh->due = std::min(fresh->due, now_ + Share(share, left));
    }
    return Aged(std::move(life));
  }

  static Life On(Life life, const Passed&) { return life; }

 private:
  static bool MayRenew(const Held& held) {
    return held.lifetime.kind == Lifetime::Kind::kLease &&
           held.lifetime.renewable;
  }

  milliseconds Comparison(milliseconds hint) const {
    if (hint.count() == 0) return pace_.compare;
    return std::clamp(hint, std::min(pace_.least_pause, pace_.compare),
                      pace_.compare);
  }

  Trouble Troubled(const Error& error, const Trouble* before) const {
    const int failures = before == nullptr ? 0 : before->failures;
    Trouble trouble;
    trouble.error = error;
    trouble.since = before == nullptr ? now_ : before->since;
    trouble.failures = std::min(failures, 1'000) + 1;
    trouble.retry_at =
        now_ + pace_.least_pause +
        BackoffDelay(pace_.backoff, failures,
                     error.retry_after.value_or(milliseconds(0)), dice_);
    return trouble;
  }

  // A life that is nearly over leaves no time for long pauses.
  Trouble Pressed(const Held& held, Trouble trouble) const {
    const auto end = EndOf(held);
    if (!end) return trouble;
    const milliseconds part =
        Share(0.25 + 0.25 * dice_, std::min(*end - now_, kLongest));
    trouble.retry_at =
        std::min(trouble.retry_at,
                 now_ + std::max(part, kShortestPause) +
                     trouble.error.retry_after.value_or(milliseconds(0)));
    return trouble;
  }

  // A lease that Vault will not prolong may still be good, or be unknown to a
  // Vault that was restored: it is replaced at once, and served until then.
  Life RenewalFailed(Held held, Trouble trouble) const {
    if (!IsVerdict(trouble.error)) {
      const Task next = MayRenew(held) ? Task::kRenew : Task::kRead;
      trouble = Pressed(held, std::move(trouble));
      return Stale{std::move(held), next, std::move(trouble)};
    }
    held.lifetime.renewable = false;
    trouble.retry_at = now_;
    return Stale{std::move(held), Task::kRead, std::move(trouble)};
  }

  const SteadyTime now_;
  const double dice_;
  const Pace& pace_;
};

}  // namespace

std::string_view NameOf(const Life& life) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "Absent", "Fresh", "Renewing", "Stale", "Expired"};
  return kNames[life.index()];
}

Life Next(const Life& before, const Event& event, SteadyTime now, double dice,
          const Pace& pace) {
  const Transition at(now, dice, pace);
  Life life = at.Aged(before);
  return std::visit(
      [&](const auto& happened) { return at.On(std::move(life), happened); },
      event);
}

const Held* HeldAt(const Life& life, SteadyTime now) {
  const Held* held = HeldIn(life);
  if (held == nullptr) return nullptr;
  const auto end = EndOf(*held);
  return end && now >= *end ? nullptr : held;
}

std::optional<SteadyTime> EndOf(const Held& held) {
  if (!held.ends) return held.login_ends;
  if (!held.login_ends) return held.ends;
  return std::min(*held.ends, *held.login_ends);
}

const Trouble* TroubleOf(const Life& life) {
  if (const auto* stale = std::get_if<Stale>(&life)) return &stale->trouble;
  const std::optional<Trouble>* trouble = nullptr;
  if (const auto* in = std::get_if<Absent>(&life)) trouble = &in->trouble;
  if (const auto* in = std::get_if<Renewing>(&life)) trouble = &in->trouble;
  if (const auto* in = std::get_if<Expired>(&life)) trouble = &in->trouble;
  return trouble != nullptr && *trouble ? &**trouble : nullptr;
}

bool IsBusy(const Life& life) {
  if (const auto* absent = std::get_if<Absent>(&life)) return absent->reading;
  if (const auto* expired = std::get_if<Expired>(&life)) {
    return expired->reading;
  }
  return std::holds_alternative<Renewing>(life);
}

std::optional<SteadyTime> ActAt(const Life& life) {
  if (const auto* expired = std::get_if<Expired>(&life)) {
    if (expired->reading) return std::nullopt;
    return expired->due;
  }
  const Held* held = HeldIn(life);
  if (held == nullptr) return std::nullopt;
  std::optional<SteadyTime> at = EndOf(*held);
  const auto sooner = [&at](SteadyTime when) {
    at = at ? std::min(*at, when) : when;
  };
  if (const auto* fresh = std::get_if<Fresh>(&life)) sooner(fresh->due);
  if (const auto* stale = std::get_if<Stale>(&life)) {
    sooner(stale->trouble.retry_at);
  }
  return at;
}

std::optional<Task> TaskOf(const Life& life, SteadyTime now) {
  const Held* held = HeldIn(life);
  if (held != nullptr && HeldAt(life, now) == nullptr) return std::nullopt;
  if (const auto* fresh = std::get_if<Fresh>(&life)) {
    if (now >= fresh->due) return fresh->next;
  }
  if (const auto* stale = std::get_if<Stale>(&life)) {
    if (now >= stale->trouble.retry_at) return stale->next;
  }
  if (const auto* expired = std::get_if<Expired>(&life)) {
    if (!expired->reading && now >= expired->due) return Task::kRead;
  }
  return std::nullopt;
}

}  // namespace claviger::sidecar::life

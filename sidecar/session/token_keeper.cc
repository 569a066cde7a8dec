// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/token_keeper.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kLoginBackoff{milliseconds(1'000),
                                      milliseconds(60'000)};
// A refusal that outlives a login is a decision, or a loop that would fill
// Vault with leases: hence the slow pace.
constexpr BackoffPolicy kReplaceBackoff{milliseconds(30'000),
                                        milliseconds(300'000)};
constexpr milliseconds kLeastPause{250};
constexpr SteadyTime kNever = SteadyTime::max();
constexpr milliseconds kLongestLife = std::chrono::hours(24 * 3'650);
constexpr size_t kMaxFormer = 4;

}  // namespace

TokenKeeper::TokenKeeper(const Settings& settings,
                         const Dependencies& dependencies, Metrics& metrics,
                         Listener on_login)
    : deps_(dependencies),
      metrics_(metrics),
      method_(settings, dependencies),
      on_login_(std::move(on_login)),
      ends_(kNever),
      renew_at_(kNever),
      retry_at_(dependencies.clock.SteadyNow()),
      replace_at_(dependencies.clock.SteadyNow()) {}

Result<const Secret*> TokenKeeper::Token() {
  const SteadyTime now = deps_.clock.SteadyNow();
  if (login_ && now < ends_) return &login_->token;
  login_.reset();
  if (now < retry_at_) return Fail(last_error_);
  if (Status done = LogIn(); !done) return Fail(std::move(done.error()));
  return &login_->token;
}

Status TokenKeeper::LogIn() {
  Status done = AskForLogin();
  metrics_.CountLogin("pod",
                      done ? std::nullopt : std::optional(done.error().code));
  if (done) {
    failures_ = 0;
    deps_.log.Info("logged in", {{"role", method_.role()},
                                 {"ttl_s", login_->lease_duration.count()}});
    return {};
  }
  last_error_ = done.error();
  retry_at_ = deps_.clock.SteadyNow() + kLeastPause +
              BackoffDelay(kLoginBackoff, failures_++,
                           last_error_.retry_after.value_or(milliseconds(0)),
                           deps_.random);
  deps_.log.Warning("login failed", {{"role", method_.role()},
                                     {"error", last_error_.message},
                                     {"code", ToString(last_error_.code)}});
  return done;
}

Status TokenKeeper::AskForLogin() {
  const SteadyTime asked = deps_.clock.SteadyNow();
  Result<vault::Login> login = method_.LogIn(account_uid_);
  if (!login) return Fail(std::move(login.error()));
  Adopt(std::move(*login), asked);
  return {};
}

void TokenKeeper::Adopt(vault::Login login, SteadyTime asked) {
  KeepFormer();
  login_ = std::move(login);
  first_lease_ = login_->lease_duration;
  ++span_.serial;
  SetEnds(login_->lease_duration, asked);
  span_.former_dead = false;
}

// The token before is not revoked: what was leased with it would end too.
void TokenKeeper::KeepFormer() {
  const SteadyTime now = deps_.clock.SteadyNow();
  std::erase_if(former_, [&](const Former& one) { return now >= one.ends; });
  if (!login_ || now >= ends_ || !method_.owns_tokens()) return;
  if (former_.size() >= kMaxFormer) {
    RevokeOne(former_.front().token);
    former_.erase(former_.begin());
  }
  former_.push_back({std::move(login_->token), ends_});
}

void TokenKeeper::SetEnds(std::chrono::seconds lease, SteadyTime asked) {
  ends_ = renew_at_ = kNever;
  if (lease.count() > 0) {  // else without an end
    const milliseconds life = std::min<milliseconds>(lease, kLongestLife);
    const double share = 0.5 + 0.3 * deps_.random.Unit();
    ends_ = asked + life;
    renew_at_ = asked + milliseconds(static_cast<int64_t>(
                            share * static_cast<double>(life.count())));
    metrics_.SetLoginEnds(deps_.clock.Now() + life);
  }
  span_.ends = ends_;
  on_login_(span_);
}

void TokenKeeper::Maintain() {
  const SteadyTime now = deps_.clock.SteadyNow();
  if (!login_) return;
  if (now >= retry_at_ && method_.GivesAnother(login_->token)) {
    // The one in use is kept where the other one is refused.
    static_cast<void>(LogIn());
    return;
  }
  if (now < renew_at_ || now >= ends_) return;
  bool log_in = !login_->renewable;
  if (!log_in) {
    Result<vault::Login> renewed =
        vault::RenewSelf(deps_.vault, login_->token, first_lease_);
    metrics_.CountRenewal(renewed ? std::nullopt
                                  : std::optional(renewed.error().code));
    if (!renewed && IsRetryable(renewed.error().code)) {
      return RenewalFailed(renewed.error());
    }
    if (renewed) {
      failures_ = 0;
      SetEnds(renewed->lease_duration, now);
    }
    // Less than was asked for: the end of its longest life is near.
    log_in = !renewed || renewed->lease_duration < first_lease_ / 2;
  }
  if (log_in && !LogIn()) renew_at_ = std::max(renew_at_, retry_at_);
}

void TokenKeeper::RenewalFailed(const Error& error) {
  renew_at_ =
      deps_.clock.SteadyNow() + kLeastPause +
      BackoffDelay(kLoginBackoff, failures_++,
                   error.retry_after.value_or(milliseconds(0)), deps_.random);
  deps_.log.Warning("renewal failed",
                    {{"error", error.message}, {"code", ToString(error.code)}});
}

Result<bool> TokenKeeper::ReplaceIfDead() {
  if (!login_) return false;
  Result<vault::Login> known =
      vault::LoginWithToken(deps_.vault, login_->token.Clone());
  if (known) return false;
  if (known.error().code != ErrorCode::kPermissionDenied) {
    return Fail(std::move(known.error()));
  }

  const SteadyTime now = deps_.clock.SteadyNow();
  if (now < replace_at_) return false;
  replace_at_ = now + kReplaceBackoff.base +
                BackoffDelay(kReplaceBackoff, replacements_++, milliseconds(0),
                             deps_.random);
  login_.reset();
  span_.former_dead = true;
  if (Status done = LogIn(); !done) return Fail(std::move(done.error()));
  return true;
}

void TokenKeeper::Confirm() {
  replacements_ = 0;
  replace_at_ = deps_.clock.SteadyNow();
}

SteadyTime TokenKeeper::next() const {
  return login_ ? std::min(renew_at_, ends_) : kNever;
}

void TokenKeeper::Revoke() {
  for (const Former& former : former_) RevokeOne(former.token);
  former_.clear();
  if (login_ && method_.owns_tokens()) RevokeOne(login_->token);
  login_.reset();
}

void TokenKeeper::RevokeOne(const Secret& token) {
  const Status done = vault::RevokeSelf(deps_.vault, token);
  if (!done) {
    deps_.log.Warning("token not revoked", {{"error", done.error().message}});
  }
}

}  // namespace claviger::sidecar

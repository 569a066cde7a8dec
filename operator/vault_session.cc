// SPDX-License-Identifier: Apache-2.0
#include "operator/vault_session.h"

#include <algorithm>
#include <utility>

#include "base/file.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxTokenBytes = size_t{16} * 1024;
constexpr milliseconds kShortestGap{1'000};
// A token refused after so long had been good, and simply ended.
constexpr std::chrono::minutes kProven{10};

Result<Secret> ReadToken(const std::string& path) {
  Result<std::string> text = ReadFile(path, kMaxTokenBytes);
  if (!text) return Fail(std::move(text).error());
  const size_t last = text->find_last_not_of(" \t\r\n");
  if (last == std::string::npos) {
    return Fail(ErrorCode::kMalformed, "read token: " + path + " is empty");
  }
  text->resize(last + 1);
  return Secret(*std::move(text));
}

}  // namespace

VaultSession::VaultSession(vault::Api& api, LoginSettings settings,
                           const Clock& clock, Random& random, Logger& log)
    : api_(api),
      settings_(std::move(settings)),
      clock_(clock),
      random_(random),
      log_(log) {}

Result<const Secret*> VaultSession::Token() {
  const SteadyTime now = clock_.SteadyNow();
  if (!token_.empty() && !forever_) {
    if (now >= ends_at_) {
      token_ = Secret();
    } else if (now >= renew_at_) {
      Renew();
    }
  }
  if (token_.empty()) {
    Status done = LogIn();
    if (!done) return Fail(std::move(done).error());
  }
  return &token_;
}

bool VaultSession::Refused() {
  const SteadyTime now = clock_.SteadyNow();
  if (now - logged_in_at_ > kProven) {
    logins_ = 0;
    login_after_ = now;
  }
  const Secret old = token_.Clone();
  if (!LogIn()) return false;
  Revoke(old);
  return true;
}

Result<vault::Login> VaultSession::Authenticate() {
  if (!settings_.vault_token_file.empty()) {
    Result<Secret> token = ReadToken(settings_.vault_token_file);
    if (!token) return Fail(std::move(token).error());
    return vault::LoginWithToken(api_, *std::move(token));
  }
  const Result<Secret> jwt = ReadToken(settings_.token_file);
  if (!jwt) return Fail(jwt.error());
  return vault::LoginWithJwt(api_, settings_.mount, settings_.role, *jwt);
}

Status VaultSession::LogIn() {
  const SteadyTime now = clock_.SteadyNow();
  if (now < login_after_) return Fail(last_error_);
  Result<vault::Login> login = Authenticate();
  const milliseconds asked =
      login ? milliseconds(0)
            : login.error().retry_after.value_or(milliseconds(0));
  login_after_ =
      now + std::max(kShortestGap, BackoffDelay(settings_.backoff, logins_++,
                                                asked, random_));
  if (!login) {
    last_error_ = std::move(login).error();
    last_error_.message = "log in to vault: " + last_error_.message;
    return Fail(last_error_);
  }
  full_life_ = login->lease_duration;
  logged_in_at_ = now;
  accessor_ = login->accessor;
  Keep(*std::move(login));
  log_.Info("logged in to vault",
            {{"lease_seconds", int64_t{full_life_.count()}}});
  return {};
}

void VaultSession::Keep(vault::Login login) {
  const SteadyTime now = clock_.SteadyNow();
  token_ = std::move(login.token);
  renewable_ = login.renewable;
  forever_ = login.lease_duration.count() == 0;
  ends_at_ = now + login.lease_duration;
  renew_at_ = now + HalfOf(login.lease_duration);
}

// 40 to 60 percent: a fleet that logged in together does not renew together.
milliseconds VaultSession::HalfOf(milliseconds life) {
  const double half =
      static_cast<double>(life.count()) * (0.4 + 0.2 * random_.Unit());
  return milliseconds(static_cast<int64_t>(half));
}

// A token that cannot be renewed (any more) is replaced; where that fails it
// stays in use until its end, and is tried again half-way there.
void VaultSession::Renew() {
  if (renewable_ && RenewSelf()) return;
  const Secret old = token_.Clone();
  if (LogIn()) {
    Revoke(old);
    return;
  }
  log_.Warning("vault login not replaced", {{"error", last_error_.message}});
  const SteadyTime now = clock_.SteadyNow();
  renew_at_ = now + HalfOf(ends_at_ - now);
}

// False where the token is near its greatest age, or was not renewed.
bool VaultSession::RenewSelf() {
  Result<vault::Login> renewed = vault::RenewSelf(api_, token_, full_life_);
  if (!renewed) {
    log_.Warning("vault token not renewed",
                 {{"error", renewed.error().message}});
    return false;
  }
  if (renewed->lease_duration * 2 < full_life_) return false;
  Keep(*std::move(renewed));
  logins_ = 0;
  return true;
}

// What is replaced is ended: its leases count against Vault's limits.
void VaultSession::Revoke(const Secret& token) {
  if (token.empty() || !settings_.vault_token_file.empty()) return;
  const Status revoked = vault::RevokeSelf(api_, token);
  if (!revoked) {
    log_.Debug("vault token not revoked", {{"error", revoked.error().message}});
  }
}

void VaultSession::Close() {
  Revoke(token_);
  token_ = Secret();
}

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/user_sessions.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr double kBurst = 32;
constexpr double kPerSecond = 10;
// How long Vault's refusal of a token is repeated without asking again.
constexpr milliseconds kRefusalKept{10'000};
constexpr milliseconds kSweepInterval{30'000};

}  // namespace

UserSessions::UserSessions(const Settings& settings,
                           const Dependencies& dependencies, Worker& worker,
                           Metrics& metrics)
    : settings_(settings),
      deps_(dependencies),
      worker_(worker),
      metrics_(metrics),
      allowance_(kBurst),
      allowance_at_(dependencies.clock.SteadyNow()) {}

void UserSessions::Get(std::string_view jwt, Answer answer) {
  if (settings_.vault.user_auth_mount.empty()) {
    return answer(
        Fail(ErrorCode::kUnsupported, "no login for users is configured"));
  }
  if (jwt.size() > kMaxUserTokenBytes) {
    return answer(
        Fail(ErrorCode::kUnauthenticated, "the user's token is too long"));
  }
  const std::string key = Sha256Hex(jwt);
  std::optional<Result<ViewPtr>> at_hand;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(key);
    if (found != sessions_.end()) at_hand = AtHand(*found->second);
    if (at_hand) found->second->used = deps_.clock.SteadyNow();
  }
  if (at_hand) return answer(std::move(*at_hand));
  Begin(jwt, key, std::move(answer));
}

std::optional<Result<ViewPtr>> UserSessions::AtHand(
    const Session& session) const {
  const SteadyTime now = deps_.clock.SteadyNow();
  if (session.refused) {
    if (now >= session.checked + kRefusalKept) return std::nullopt;
    return Result<ViewPtr>(Fail(*session.refused));
  }
  if (session.view == nullptr || deps_.clock.Now() >= session.ends ||
      now >= session.checked + settings_.intervals.bindings) {
    return std::nullopt;
  }
  return Result<ViewPtr>(session.view);
}

void UserSessions::Begin(std::string_view jwt, const std::string& key,
                         Answer answer) {
  Result<UserToken> token = PeekUserToken(jwt, settings_.vault.user_claim);
  if (!token ||
      (token->expires_at && *token->expires_at <= deps_.clock.Now())) {
    return answer(
        Fail(ErrorCode::kUnauthenticated,
             token ? "the user's token has expired" : token.error().message));
  }
  std::unique_lock lock(mutex_);
  const SessionPtr session = Obtain(key, std::move(*token), jwt);
  const bool queued = session != nullptr && StartOpening(session);
  if (queued) {
    session->used = deps_.clock.SteadyNow();
    session->waiting.push_back(std::move(answer));
    return;
  }
  lock.unlock();
  answer(Fail(ErrorCode::kRateLimited, "too many users' logins at once"));
}

UserSessions::SessionPtr UserSessions::Obtain(const std::string& key,
                                              UserToken token,
                                              std::string_view jwt) {
  const auto found = sessions_.find(key);
  if (found != sessions_.end()) {
    if (found->second->busy || deps_.clock.Now() < found->second->ends) {
      return found->second;
    }
    Remove(found);
  }
  if (!MayBegin() || !MakeRoom()) return nullptr;
  auto session = std::make_shared<Session>();
  session->ends = deps_.clock.Now() + settings_.intervals.user_session;
  if (token.expires_at) {
    session->ends = std::min(session->ends, *token.expires_at);
  }
  session->login = std::make_unique<UserLogin>(
      settings_, deps_, metrics_, std::move(token), Secret(std::string(jwt)));
  sessions_.emplace(key, session);
  metrics_.SetUserSessions(sessions_.size());
  ArmSweep();
  return session;
}

bool UserSessions::StartOpening(const SessionPtr& session) {
  if (session->busy) return true;
  session->busy = worker_.Post([this, session] { Open(session); });
  return session->busy;
}

bool UserSessions::MayBegin() {
  const SteadyTime now = deps_.clock.SteadyNow();
  const double passed =
      static_cast<double>((now - allowance_at_).count()) / 1000.0;
  allowance_ = std::min(kBurst, allowance_ + passed * kPerSecond);
  allowance_at_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

bool UserSessions::MakeRoom() {
  if (sessions_.size() < kMaxSessions) return true;
  auto oldest = sessions_.end();
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (it->second->busy) continue;
    if (oldest == sessions_.end() || it->second->used < oldest->second->used) {
      oldest = it;
    }
  }
  if (oldest == sessions_.end()) return false;
  Remove(oldest);
  return true;
}

void UserSessions::Remove(std::map<std::string, SessionPtr>::iterator session) {
  // Where the queue is full the logins end by themselves within the hour.
  worker_.Post([ended = session->second] { ended->login->Revoke(); });
  sessions_.erase(session);
}

void UserSessions::Open(const SessionPtr& session) {
  ViewPtr before;
  {
    const std::lock_guard lock(mutex_);
    before = session->view;
  }
  Result<ViewPtr> opened = session->login->Open(before);
  const bool away = !opened && IsRetryable(opened.error().code);
  std::vector<Answer> waiting;
  {
    const std::lock_guard lock(mutex_);
    session->busy = false;
    session->checked = deps_.clock.SteadyNow();
    waiting.swap(session->waiting);
    if (opened) {
      session->view = *opened;
      session->refused.reset();
    } else if (away && before != nullptr && deps_.clock.Now() < session->ends) {
      opened = before;  // the last good one, while Vault is away
    } else {
      session->view = nullptr;
      if (!away) session->refused = opened.error();
    }
  }
  for (const Answer& answer : waiting) answer(opened);
}

void UserSessions::ArmSweep() {
  if (sweeping_) return;
  sweeping_ = true;
  worker_.At(deps_.clock.SteadyNow() + kSweepInterval, [this] { Sweep(); });
}

void UserSessions::Sweep() {
  const std::lock_guard lock(mutex_);
  sweeping_ = false;
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    const auto session = it++;
    if (!session->second->busy && deps_.clock.Now() >= session->second->ends) {
      Remove(session);
    }
  }
  metrics_.SetUserSessions(sessions_.size());
  if (!sessions_.empty()) ArmSweep();
}

void UserSessions::End() {
  std::map<std::string, SessionPtr> sessions;
  {
    const std::lock_guard lock(mutex_);
    sessions.swap(sessions_);
  }
  for (const auto& [key, session] : sessions) session->login->Revoke();
}

}  // namespace claviger::sidecar

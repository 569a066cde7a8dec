// SPDX-License-Identifier: Apache-2.0
//
// The end users for whom this pod has asked lately: by the digest of their
// token, until the token ends or five minutes have passed, and never more than
// a bounded number. Get and size are thread-safe; the rest is the worker's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sidecar/metrics.h"
#include "sidecar/session/user_login.h"
#include "sidecar/session/view.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

class UserSessions {
 public:
  /// Called once, on the caller's thread or the worker's.
  using Answer = std::function<void(Result<ViewPtr>)>;

  static constexpr size_t kMaxSessions = 256;

  /// All references outlive the object.
  UserSessions(const Settings& settings, const Dependencies& dependencies,
               Worker& worker, Metrics& metrics);

  /// The view of the user whose token this is. Not older than the interval at
  /// which bindings are compared; older only while Vault is away.
  /// kUnauthenticated (not accepted), kUnsupported (no user login is
  /// configured), kTooLarge, kRateLimited, or why Vault could not be asked.
  void Get(std::string_view jwt, Answer answer);

  /// Ends all logins.
  void End();

 private:
  struct Session {
    std::unique_ptr<UserLogin> login;  // the worker's
    // The rest under mutex_.
    ViewPtr view;
    std::optional<Error> refused;  // Vault's word on this token
    Time ends;
    SteadyTime checked;
    SteadyTime used;
    bool busy = false;
    std::vector<Answer> waiting;
  };
  using SessionPtr = std::shared_ptr<Session>;

  // What is known without asking Vault.
  std::optional<Result<ViewPtr>> AtHand(const Session& session) const;
  void Begin(std::string_view jwt, const std::string& key, Answer answer);
  void Open(const SessionPtr& session);
  void Sweep();
  // The rest needs mutex_. Null: too many.
  SessionPtr Obtain(const std::string& key, UserToken token,
                    std::string_view jwt);
  bool StartOpening(const SessionPtr& session);
  bool MayBegin();
  bool MakeRoom();
  void Remove(std::map<std::string, SessionPtr>::iterator session);
  void ArmSweep();

  const Settings& settings_;
  const Dependencies& deps_;
  Worker& worker_;
  Metrics& metrics_;

  std::mutex mutex_;
  std::map<std::string, SessionPtr> sessions_;
  // New sessions that may begin now: each costs Vault logins, whoever calls.
  double allowance_;
  SteadyTime allowance_at_;
  bool sweeping_ = false;
};

}  // namespace claviger::sidecar

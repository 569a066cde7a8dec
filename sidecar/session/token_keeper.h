// SPDX-License-Identifier: Apache-2.0
//
// The pod's own Vault token: one login, then renewals at a random point of its
// life, a new login before its last days end, and never one login per failure.
// Worker thread only; blocks in Vault.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/metrics.h"
#include "sidecar/session/login_method.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "vault/auth.h"

namespace claviger::sidecar {

class TokenKeeper {
 public:
  /// Told of each login, and of each renewal of it.
  using Listener = std::function<void(const LoginSpan&)>;

  /// All references outlive the keeper.
  TokenKeeper(const Settings& settings, const Dependencies& dependencies,
              Metrics& metrics, Listener on_login);

  /// The token in use, valid until the next call here; logs in where there is
  /// none. While a login is backed off, the error of the last attempt:
  /// kPermissionDenied or kInvalidArgument where Vault refused it,
  /// kUnauthenticated where there was no token to log in with, else why Vault
  /// could not be asked.
  Result<const Secret*> Token();

  /// Renews the token when that is due, and logs in anew where its life cannot
  /// be prolonged any more, or where another token was given. A token that is
  /// still valid is kept whatever happens.
  void Maintain();

  /// A read was refused with this token. Asks Vault whether the token lives:
  /// if it does, the path is what is refused (false). If not, logs in anew:
  /// true, and the read is worth repeating once; or the login's error. Where
  /// that was done a short while ago, the refusal stands (false).
  Result<bool> ReplaceIfDead();
  /// A login succeeded, and reads with it too: the next refusal may be
  /// answered with a login at once.
  void Confirm();

  /// The uid of the service account whose token was logged in with last; empty
  /// where that names none.
  const std::string& account_uid() const { return account_uid_; }
  bool logged_in() const { return login_.has_value(); }
  /// When a login may be tried again, where there is none.
  SteadyTime login_from() const { return retry_at_; }
  /// When Maintain has something to do again; never where there is no login.
  SteadyTime next() const;

  /// Ends the token and its leases in Vault, and those before it that live for
  /// the sake of their leases, as far as Vault can be reached. A token that was
  /// given is not ours to end.
  void Revoke();

 private:
  Status LogIn();
  Status AskForLogin();
  void Adopt(vault::Login login, SteadyTime asked);
  void RenewalFailed(const Error& error);
  void SetEnds(std::chrono::seconds lease, SteadyTime asked);
  void KeepFormer();
  void RevokeOne(const Secret& token);

  const Dependencies& deps_;
  Metrics& metrics_;
  const LoginMethod method_;
  const Listener on_login_;

  struct Former {
    Secret token;
    SteadyTime ends;
  };

  std::optional<vault::Login> login_;
  LoginSpan span_;  // of the last login
  std::string account_uid_;
  std::vector<Former> former_;
  std::chrono::seconds first_lease_{0};  // as the login gave it
  SteadyTime ends_;                      // not used from then on
  SteadyTime renew_at_;

  Error last_error_;
  SteadyTime retry_at_;  // no login before
  int failures_ = 0;     // logins and renewals since one succeeded

  SteadyTime replace_at_;  // no login because of a refusal before
  int replacements_ = 0;   // since a read succeeded
};

}  // namespace claviger::sidecar

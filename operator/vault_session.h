// SPDX-License-Identifier: Apache-2.0
//
// The operator's own login: by its projected token (kubernetes or jwt method)
// or a token from a file, renewed at a jittered half of its life, and done
// anew once when Vault refuses it, then only with backoff: a loop of refused
// logins is a storm of leases. Used by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "operator/token_source.h"
#include "vault/api.h"
#include "vault/auth.h"

namespace claviger::op {

struct LoginSettings {
  std::string mount;       // "claviger"
  std::string role;        // "claviger.prod-eu.operator"
  std::string token_file;  // the projected token, read at each login
  /// A Vault token to use instead; not revoked at the end.
  std::string vault_token_file;
  BackoffPolicy backoff{std::chrono::milliseconds(1'000),
                        std::chrono::milliseconds(60'000)};
};

class VaultSession final : public AccessorSource {
 public:
  /// All references outlive this object.
  VaultSession(vault::Api& api, LoginSettings settings, const Clock& clock,
               Random& random, Logger& log);

  /// Logs in, renews or does nothing, as is due. While a login is put off by
  /// backoff: the last one's error.
  Result<const Secret*> Token() override;
  /// Replaces the token unless that was done a short while ago: then it is
  /// rights that are missing, not the token, and it stays in use.
  bool Refused() override;

  const std::string& accessor() const override { return accessor_; }

  /// Ends the token, if this object logged in for it. Best effort.
  void Close();

 private:
  Status LogIn();
  Result<vault::Login> Authenticate();
  void Renew();
  bool RenewSelf();
  void Keep(vault::Login login);
  void Revoke(const Secret& token);
  std::chrono::milliseconds HalfOf(std::chrono::milliseconds life);

  vault::Api& api_;
  LoginSettings settings_;
  const Clock& clock_;
  Random& random_;
  Logger& log_;

  Secret token_;
  std::string accessor_;
  bool renewable_ = false;
  bool forever_ = false;
  std::chrono::seconds full_life_{0};  // of the login, not of its renewals
  SteadyTime renew_at_{};
  SteadyTime ends_at_{};

  int logins_ = 0;  // that have not proved to be of use, in a row
  SteadyTime logged_in_at_{};
  SteadyTime login_after_{};
  Error last_error_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// How the sidecar comes to its token: by a service account's token or another
// JWT, by an AppRole, or by a token that is given. Secrets are read from their
// files at each login, and kept nowhere. Whatever the way, the login is of use
// only with the policy that the operator wrote for the identity, so nothing
// that is configured gives more than Vault does. Worker thread; blocks in
// Vault.
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "vault/auth.h"

namespace claviger::sidecar {

class LoginMethod {
 public:
  /// Both outlive the object.
  LoginMethod(const Settings& settings, const Dependencies& dependencies);

  /// The identity's name in Vault: of its role and of its policy.
  const std::string& role() const { return role_; }

  /// kUnauthenticated where there is nothing to log in with;
  /// kPermissionDenied where Vault refuses it, or where a login that this
  /// installation did not make is another identity's. `account_uid`: set to
  /// the uid of the service account that the token logged in with is of; empty
  /// where it names none. Only written where the login is made.
  Result<vault::Login> LogIn(std::string& account_uid) const;

  /// Whether tokens were made by a login of ours, and end with us.
  bool owns_tokens() const;
  /// Whether another token than this one is given by now.
  bool GivesAnother(const Secret& token) const;

 private:
  Result<vault::Login> Ask(std::string& account_uid) const;
  Status CheckPolicies(const vault::Login& login) const;

  const Settings& settings_;
  const Dependencies& deps_;
  const std::string role_;
};

}  // namespace claviger::sidecar

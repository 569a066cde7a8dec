// SPDX-License-Identifier: Apache-2.0
#include "sidecar/session/login_method.h"

#include <algorithm>
#include <utility>

#include "access/principal.h"
#include "sidecar/session/user_token.h"
#include "vault/approle.h"

namespace claviger::sidecar {
namespace {

Result<Secret> ReadFrom(const TokenSource& source) {
  Result<Secret> secret = source ? source() : Secret();
  if (!secret) secret.error().code = ErrorCode::kUnauthenticated;
  return secret;
}

}  // namespace

LoginMethod::LoginMethod(const Settings& settings,
                         const Dependencies& dependencies)
    : settings_(settings),
      deps_(dependencies),
      role_(access::VaultNameOf(
          settings.vault.cluster,
          access::Principal::ServiceAccount(settings.identity.ns,
                                            settings.identity.name))) {}

bool LoginMethod::owns_tokens() const {
  return settings_.vault.login != LoginKind::kToken;
}

bool LoginMethod::GivesAnother(const Secret& token) const {
  if (owns_tokens()) return false;
  const Result<Secret> given = ReadFrom(deps_.token);
  return given && !given->Equals(token.Reveal());
}

Result<vault::Login> LoginMethod::LogIn(std::string& account_uid) const {
  std::string uid;
  Result<vault::Login> login = Ask(uid);
  if (!login) return Fail(std::move(login.error()), "log in as " + role_);
  // A role of the operator's has this policy and no other.
  if (settings_.vault.login == LoginKind::kJwt) {
    account_uid = std::move(uid);
    return login;
  }
  if (Status fine = CheckPolicies(*login); !fine) {
    if (owns_tokens()) {
      static_cast<void>(vault::RevokeSelf(deps_.vault, login->token));
    }
    return Fail(std::move(fine.error()), "log in as " + role_);
  }
  account_uid.clear();
  return login;
}

Result<vault::Login> LoginMethod::Ask(std::string& account_uid) const {
  Result<Secret> secret = ReadFrom(deps_.token);
  if (!secret) {
    return Fail(std::move(secret.error()), "what to log in with");
  }
  switch (settings_.vault.login) {
    case LoginKind::kJwt:
      break;
    case LoginKind::kToken:
      return vault::LoginWithToken(deps_.vault, *std::move(secret));
    case LoginKind::kAppRole: {
      const Result<Secret> role_id = ReadFrom(deps_.role_id);
      if (!role_id) return Fail(role_id.error(), "what to log in with");
      return vault::LoginWithAppRole(deps_.vault, settings_.vault.auth_mount,
                                     *role_id, *secret);
    }
  }
  account_uid = PeekAccountUid(secret->Reveal());
  return vault::LoginWithJwt(deps_.vault, settings_.vault.auth_mount, role_,
                             *secret);
}

// What else the login may do is its maker's doing, but a root token must not
// be beside an application.
Status LoginMethod::CheckPolicies(const vault::Login& login) const {
  const auto has = [&login](std::string_view name) {
    return std::find(login.policies.begin(), login.policies.end(), name) !=
           login.policies.end();
  };
  if (has("root")) {
    return Fail(ErrorCode::kPermissionDenied,
                "the login has the policy root; make one with the policy of "
                "this identity only");
  }
  if (!has(role_)) {
    return Fail(ErrorCode::kPermissionDenied,
                "the login does not have the policy " + role_ +
                    ", so it is not this identity's");
  }
  for (const std::string& policy : login.policies) {
    if (policy == role_ || policy == "default") continue;
    deps_.log.Warning("the login may do more than the identity needs",
                      {{"policy", policy}});
  }
  return {};
}

}  // namespace claviger::sidecar

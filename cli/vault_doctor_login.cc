// SPDX-License-Identifier: Apache-2.0
//
// The doctor's own try: a login as the operator.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "cli/operator_role.h"
#include "cli/vault_doctor_checks.h"
#include "operator/own_policy.h"
#include "vault/auth.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

/// The claims of a token; its signature is for Vault to judge.
Result<json> ClaimsOf(const Secret& token) {
  const std::string_view text = token.Reveal();
  const size_t first = text.find('.');
  const size_t second =
      first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument, "not a JSON Web Token");
  }
  const auto payload =
      Base64UrlDecode(text.substr(first + 1, second - first - 1));
  if (!payload) return Fail(payload.error());
  auto claims = ParseJson(*payload);
  if (claims && !claims->is_object()) {
    return Fail(ErrorCode::kInvalidArgument, "not a JSON Web Token");
  }
  return claims;
}

bool HasAudience(const json& claims, const std::string& audience) {
  const json found = claims.value("aud", json());
  if (found.is_string()) return found == audience;
  return found.is_array() &&
         std::find(found.begin(), found.end(), json(audience)) != found.end();
}

}  // namespace

bool VaultDoctor::CheckClaims(const Secret& service_account_token) {
  const auto claims = ClaimsOf(service_account_token);
  if (!claims) {
    Problem("operator token",
            "the operator's token cannot be read: " + claims.error().message,
            "the operator logs in with it",
            "make one: kubectl create token <service account> --audience " +
                config_.operator_audience);
    return false;
  }
  if (!HasAudience(*claims, config_.operator_audience)) {
    Problem("operator token",
            "the operator's token is not for the audience " +
                config_.operator_audience,
            "the role is bound to that audience, so the login is refused",
            "project the token with audience: " + config_.operator_audience +
                ", or correct audiences.operator");
    return false;
  }
  const json expiry = claims->value("exp", json());
  if (expiry.is_number_integer() &&
      Time(std::chrono::seconds(expiry.get<int64_t>())) <= clock_.Now()) {
    Problem("operator token", "the operator's token has expired",
            "the login is refused",
            "give a fresh one; a projected token is renewed by the kubelet");
    return false;
  }
  return true;
}

void VaultDoctor::CheckRights(const Secret& operator_token,
                              const Secret& administrator) {
  const auto policy = ParseJson(op::OwnPolicyText(config_.layout));
  if (!policy || !policy->contains("path")) return;
  std::vector<std::string> paths;
  for (const auto& [path, rule] : (*policy)["path"].items()) {
    // A name such as the operator meets below that prefix.
    paths.push_back(path.back() == '*' ? path.substr(0, path.size() - 1) + "x"
                                       : path);
  }
  const auto rights =
      vault::Capabilities(api_, administrator, operator_token, paths);
  if (!rights) {
    CannotRead("operator rights", rights.error());
    return;
  }
  std::string missing;
  size_t at = 0;
  for (const auto& [path, rule] : (*policy)["path"].items()) {
    const std::vector<std::string>& held = rights->at(paths[at++]);
    for (const auto& needed : rule["capabilities"]) {
      if (std::find(held.begin(), held.end(), needed.get<std::string>()) !=
              held.end() ||
          held == std::vector<std::string>{"root"}) {
        continue;
      }
      missing += (missing.empty() ? "" : ", ") + needed.get<std::string>() +
                 " " + path;
    }
  }
  if (missing.empty()) {
    Fine("operator rights", "the operator may do all that it has to");
    return;
  }
  Problem("operator rights", "the operator may not: " + missing,
          "those changes are refused, and never take effect", SetupCommand());
}

void VaultDoctor::CheckLogin(const Secret& service_account_token,
                             const Secret* administrator) {
  if (!CheckClaims(service_account_token)) return;
  auto login =
      vault::LoginWithJwt(api_, config_.layout.auth_mount,
                          OperatorRoleName(config_), service_account_token);
  if (!login) {
    const bool refused = login.error().code == ErrorCode::kPermissionDenied ||
                         login.error().code == ErrorCode::kInvalidArgument;
    if (!refused) {
      CannotRead("operator login", login.error());
      return;
    }
    Problem("operator login", "Vault refuses the operator's login",
            "the token is for the right audience and has not expired: so the "
            "role is missing or names another service account, the reviewer "
            "may not review tokens, or Vault cannot reach the API server",
            "see the findings above; the reviewer's service account must be "
            "bound to system:auth-delegator");
    return;
  }
  Fine("operator login", "the operator can log in");
  if (administrator != nullptr) CheckRights(login->token, *administrator);
  if (Status ended = vault::RevokeSelf(api_, login->token); !ended) {
    Unchecked(
        "operator login",
        "the token of the try could not be ended: " + ended.error().message,
        "it ends by itself within the hour");
  }
}

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
#include "access/policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "access/opened_path.h"
#include "access/push_document.h"
#include "base/json.h"
#include "base/names.h"

namespace claviger::access {
namespace {

using nlohmann::json;

constexpr int kTokenTtlSeconds = 3600;
constexpr int kTokenMaxTtlSeconds = 24 * 3600;

using Capabilities = std::vector<std::string>;

// One path may be opened for reading by one reference, and by another, of
// another engine, for writing.
void Open(json& paths, const std::string& path, const Capabilities& more) {
  json& capabilities = paths[path]["capabilities"];
  for (const std::string& one : more) capabilities.push_back(one);
}

// What every login may do with its own token and leases.
void OpenSelfService(json& paths) {
  Open(paths, "auth/token/lookup-self", {"read"});
  Open(paths, "auth/token/renew-self", {"update"});
  Open(paths, "auth/token/revoke-self", {"update"});
  Open(paths, "sys/leases/renew", {"update"});
  Open(paths, "sys/leases/revoke", {"update"});
}

// A slot of its own: to be read and written, and removed with all its versions.
// Its metadata say which version to write over what was deleted in Vault.
// False where `uids` are not those of an account and a connection.
bool OpenPersonal(const VaultLayout& layout, const Principal& principal,
                  const std::string& uids, json& paths) {
  const size_t slash = uids.find('/');
  if (slash == std::string::npos) return false;
  const auto slot = PersonalPathOf(
      layout.cluster, principal, uids.substr(0, slash), uids.substr(slash + 1));
  if (!slot) return false;
  Open(paths, layout.mount + "/data/" + *slot, {"create", "read", "update"});
  Open(paths, layout.mount + "/metadata/" + *slot, {"delete", "read"});
  return true;
}

// Checked here again: the names below become parts of paths.
bool HasPlainNames(const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::kServiceAccount:
      return IsDnsLabel(principal.ns) && IsDnsSubdomain(principal.name);
    case Principal::Kind::kClaimGroup:
      return IsDnsSubdomain(principal.name);
    case Principal::Kind::kUser:  // a hash
    case Principal::Kind::kEveryoneServiceAccount:
    case Principal::Kind::kEveryoneUser:
      return true;
  }
  return false;
}

bool IsEveryone(const Principal& principal) {
  return principal.kind == Principal::Kind::kEveryoneServiceAccount ||
         principal.kind == Principal::Kind::kEveryoneUser;
}

bool IsForUsers(const Principal& principal) {
  return principal.kind != Principal::Kind::kServiceAccount &&
         principal.kind != Principal::Kind::kEveryoneServiceAccount;
}

json TokenSettings(const VaultLayout& layout, const Principal& principal) {
  return {{"token_policies", TokenPolicies(layout, principal)},
          {"token_no_default_policy", true},
          {"token_ttl", kTokenTtlSeconds},
          {"token_max_ttl", kTokenMaxTtlSeconds}};
}

json ServiceAccountRole(const VaultLayout& layout, const Principal& principal) {
  json role = TokenSettings(layout, principal);
  if (layout.auth_kind == "jwt") {
    role["role_type"] = "jwt";
    role["user_claim"] = "sub";
    role["bound_audiences"] = {layout.sidecar_audience};
    role["bound_subject"] =
        "system:serviceaccount:" + principal.ns + ":" + principal.name;
    return role;
  }
  role["bound_service_account_names"] = {principal.name};
  role["bound_service_account_namespaces"] = {principal.ns};
  role["audience"] = layout.sidecar_audience;
  role["alias_name_source"] = "serviceaccount_uid";
  return role;
}

json UserRole(const VaultLayout& layout, const Principal& principal,
              const model::Claim* claim) {
  json role = TokenSettings(layout, principal);
  role["role_type"] = "jwt";
  role["user_claim"] = layout.user_claim;
  role["bound_audiences"] = layout.user_audiences;
  role["bound_claims_type"] = "string";
  json claims = json::object();
  if (principal.kind == Principal::Kind::kUser) {
    claims[layout.user_claim] = {principal.name};
  } else if (claim != nullptr) {
    claims[claim->name] = {claim->value};
  } else {
    // Anyone whom the mount's issuer vouches for; the method wants some bound.
    role["bound_claims_type"] = "glob";
    claims[layout.user_claim] = {"*"};
  }
  role["bound_claims"] = std::move(claims);
  return role;
}

}  // namespace

Result<std::string> PolicyText(
    const VaultLayout& layout, const Principal& principal, int parts,
    const std::vector<std::string>& credential_paths) {
  json paths = json::object();
  const auto refuse = [](const std::string& path) {
    return Fail(ErrorCode::kInvalidArgument,
                "compile policy: not a plain Vault path: " + path);
  };
  if (!HasPlainNames(principal)) return refuse(IdOf(principal));
  const std::string data = layout.mount + "/data/";
  for (int part = 0; part < parts; ++part) {
    const std::string path =
        data + BindingsPathOf(layout.cluster, principal, part);
    if (!IsApiPath(path)) return refuse(path);
    Open(paths, path, {"read"});
  }
  for (const std::string& opened : credential_paths) {
    const OpenedPath credential = ReadOpened(opened);
    if (!IsApiPath(credential.path)) return refuse(credential.path);
    if (credential.how != OpenedPath::How::kPersonal) {
      const bool update = credential.how == OpenedPath::How::kUpdate;
      Open(paths, credential.path, {update ? "update" : "read"});
    } else if (!OpenPersonal(layout, principal, credential.path, paths)) {
      return refuse(credential.path);
    }
  }
  // Where the operator tells of changes: the same for all accounts.
  if (principal.kind == Principal::Kind::kEveryoneServiceAccount) {
    Open(paths, data + PushPathOf(layout.cluster), {"read"});
  }
  // The everyone policies come on top of a login's own: no need to repeat.
  if (!IsEveryone(principal) ||
      principal.kind == Principal::Kind::kEveryoneUser) {
    OpenSelfService(paths);
  }
  return DumpJson(json{{"path", std::move(paths)}});
}

std::vector<std::string> TokenPolicies(const VaultLayout& layout,
                                       const Principal& principal) {
  const Principal everyone = IsForUsers(principal)
                                 ? Principal::EveryoneUser()
                                 : Principal::EveryoneServiceAccount();
  std::vector<std::string> policies = {VaultNameOf(layout.cluster, everyone)};
  // Sorted, as Vault gives them back.
  if (!IsEveryone(principal)) {
    policies.push_back(VaultNameOf(layout.cluster, principal));
  }
  std::sort(policies.begin(), policies.end());
  return policies;
}

bool HasRole(const Principal& principal) {
  return principal.kind != Principal::Kind::kEveryoneServiceAccount;
}

std::string AuthMountOf(const VaultLayout& layout, const Principal& principal) {
  return IsForUsers(principal) ? layout.user_auth_mount : layout.auth_mount;
}

std::string RoleText(const VaultLayout& layout, const Principal& principal,
                     const model::Claim* claim) {
  return DumpJson(principal.kind == Principal::Kind::kServiceAccount
                      ? ServiceAccountRole(layout, principal)
                      : UserRole(layout, principal, claim));
}

}  // namespace claviger::access

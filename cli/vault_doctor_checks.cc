// SPDX-License-Identifier: Apache-2.0
#include "cli/vault_doctor_checks.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_member.h"
#include "cli/operator_role.h"
#include "operator/own_policy.h"
#include "vault/auth.h"
#include "vault/policy.h"
#include "vault/role_compare.h"
#include "vault/wire.h"

namespace claviger::cli {
namespace {

using nlohmann::json;

// Beyond this, tokens count as not valid yet or as expired here and there.
constexpr std::chrono::seconds kMostSkew{30};

bool IsLoopback(const std::string& address) {
  for (const char* host : {"http://127.", "http://localhost", "http://[::1]"}) {
    if (address.rfind(host, 0) == 0) return true;
  }
  return false;
}

bool Flag(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

Result<json> ReadData(vault::Api& api, const Secret* token, std::string path,
                      bool whole = false) {
  vault::Call call;
  call.path = std::move(path);
  call.token = token;
  const auto document = vault::DoAndParse(api, call);
  if (!document) return Fail(document.error());
  const json* data = whole ? document->Find({}) : document->Find({"data"});
  return data == nullptr ? json::object() : *data;
}

/// The type and version of the mount that an engine is read from.
std::pair<std::string, std::string> MountOf(model::Engine engine) {
  switch (engine) {
    case model::Engine::kKv1:
      return {"kv", "1"};
    case model::Engine::kKv2:
      return {"kv", "2"};
    case model::Engine::kDatabase:
    case model::Engine::kDatabaseStatic:
      return {"database", ""};
    case model::Engine::kLdap:
    case model::Engine::kLdapStatic:
      return {"ldap", ""};
    case model::Engine::kAws:
      return {"aws", ""};
    case model::Engine::kPki:
      return {"pki", ""};
    case model::Engine::kSsh:
      return {"ssh", ""};
    case model::Engine::kRead:
      break;
  }
  return {"", ""};
}

std::string Describe(const vault::Mount& mount) {
  const auto version = mount.options.find("version");
  return version == mount.options.end()
             ? mount.type
             : mount.type + " version " + version->second;
}

bool HoldsEngine(const vault::Mount& mount, model::Engine engine) {
  const auto [type, version] = MountOf(engine);
  if (type.empty()) return true;
  const auto found = mount.options.find("version");
  const std::string actual = found == mount.options.end() ? "1" : found->second;
  return mount.type == type && (version.empty() || version == actual);
}

}  // namespace

std::string_view ToString(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kFine:
      return "fine";
    case Finding::Kind::kProblem:
      return "problem";
    case Finding::Kind::kUnchecked:
      return "unchecked";
  }
  return "";
}

void VaultDoctor::Fine(std::string check, std::string what) {
  findings_.push_back(
      {Finding::Kind::kFine, std::move(check), std::move(what), "", ""});
}

void VaultDoctor::Problem(std::string check, std::string what, std::string why,
                          std::string fix) {
  findings_.push_back({Finding::Kind::kProblem, std::move(check),
                       std::move(what), std::move(why), std::move(fix)});
}

void VaultDoctor::Unchecked(std::string check, std::string what,
                            std::string fix) {
  findings_.push_back({Finding::Kind::kUnchecked, std::move(check),
                       std::move(what), "", std::move(fix)});
}

void VaultDoctor::CannotRead(std::string check, const Error& error) {
  const bool denied = error.code == ErrorCode::kPermissionDenied;
  Unchecked(std::move(check), error.message,
            denied ? "give a token that may read it, with --token-file"
                   : "try again");
}

std::string VaultDoctor::SetupCommand() const {
  return "run claviger vault setup with this configuration";
}

void VaultDoctor::CheckConfig() {
  const std::string& sidecar = config_.layout.sidecar_audience;
  if (config_.operator_audience.empty()) {
    Problem("audiences", "audiences.operator is not set",
            "a role without an audience takes tokens that were made for "
            "somebody else",
            "set one that is random for this installation");
  } else if (config_.operator_audience == sidecar) {
    Problem("audiences", "operator and sidecars have the same audience",
            "a sidecar's token would open the operator's role, were it bound "
            "to the same name",
            "choose another audiences.operator, random for this installation");
  } else {
    Fine("audiences", "operator and sidecars have audiences of their own");
  }
  if (config_.vault_address.rfind("http://", 0) == 0 &&
      !IsLoopback(config_.vault_address)) {
    Problem("address", "vault.address is not https",
            "every token and every secret can be read on the way",
            "serve Vault with TLS, and set vault.address and vault.caFile");
  }
}

void VaultDoctor::CheckClock(const json& health) {
  const auto time = health.find("server_time_utc");
  if (time == health.end() || !time->is_number_integer()) return;
  const auto theirs = Time(std::chrono::seconds(time->get<int64_t>()));
  const auto skew = std::chrono::floor<std::chrono::seconds>(
      theirs > clock_.Now() ? theirs - clock_.Now() : clock_.Now() - theirs);
  if (skew <= kMostSkew) {
    Fine("clock", "Vault's clock and this machine's agree");
    return;
  }
  Problem("clock",
          "Vault's clock is " + std::to_string(skew.count()) + " s " +
              (theirs > clock_.Now() ? "ahead of" : "behind") +
              " this machine's",
          "tokens count as expired, or as not valid yet, and the windows of "
          "Grants open and close at the wrong time",
          "synchronise both with NTP");
}

bool VaultDoctor::CheckServer() {
  const auto health = ReadData(api_, nullptr, "sys/health", true);
  const std::string& where = config_.vault_address;
  if (!health) {
    const Error& error = health.error();
    if (error.code == ErrorCode::kUnauthenticated) {
      Problem("certificate", error.message,
              "nobody can tell whether it is Vault that answers, so nothing is "
              "sent to it",
              "put the authority that signed Vault's certificate into "
              "vault.caFile, and use the name in it in vault.address");
    } else if (error.code == ErrorCode::kMalformed ||
               error.code == ErrorCode::kRedirected ||
               error.code == ErrorCode::kNotFound) {
      Problem("address", error.message,
              "what answers at " + where + " is not Vault",
              "correct vault.address: scheme, host and port, without a path");
    } else {
      Problem("address", error.message,
              "without Vault no sidecar can log in and no change takes effect",
              "check vault.address, and that this machine may reach it");
    }
    return false;
  }
  if (!Flag(*health, "initialized") || Flag(*health, "sealed")) {
    const bool sealed = Flag(*health, "initialized");
    Problem("seal", sealed ? "Vault is sealed" : "Vault is not initialised",
            "a Vault in this state answers nothing else",
            sealed ? "vault operator unseal" : "vault operator init");
    return false;
  }
  Fine("server", "Vault at " + where + " is reachable, trusted and unsealed");
  CheckClock(*health);
  return true;
}

bool VaultDoctor::CheckToken(const Secret& token) {
  const auto own = vault::LoginWithToken(api_, token.Clone());
  if (own) {
    Fine("token", "the token is valid");
    return true;
  }
  const std::string& name_space = config_.vault_namespace;
  if (!name_space.empty() && vault::LoginWithToken(bare_, token.Clone())) {
    Problem("namespace",
            "the token is valid, but not in the namespace " + name_space,
            "logins, mounts and policies of another namespace are not seen",
            "correct vault.namespace, or leave it out where Vault has none");
    return false;
  }
  if (IsRetryable(own.error().code)) {
    CannotRead("token", own.error());
  } else {
    Problem("token", "Vault refuses the token: " + own.error().message,
            "mounts, roles and policies cannot be looked at without one",
            "log in anew and write the token to the file");
  }
  return false;
}

void VaultDoctor::CheckCredentialMount(
    const std::map<std::string, vault::Mount>& mounts,
    const access::MountRule& rule) {
  const std::string check = "mount " + rule.mount;
  const auto found = mounts.find(rule.mount);
  const std::string engine(model::ToString(rule.engine));
  if (found == mounts.end()) {
    Problem(check,
            "vault.mounts names " + rule.mount +
                ", where nothing is "
                "mounted",
            "Connections that name it get 404 from Vault",
            "mount the engine, or correct vault.mounts");
  } else if (!HoldsEngine(found->second, rule.engine)) {
    Problem(check,
            "vault.mounts says " + engine + ", but at " + rule.mount +
                " there is " + Describe(found->second),
            "the paths in policies would be those of another engine, and "
            "nothing could be read",
            "correct the engine in vault.mounts");
  } else {
    Fine(check, engine + " at " + rule.mount);
  }
}

void VaultDoctor::CheckMounts(const Secret& token) {
  const auto mounts = vault::ListMounts(api_, token);
  if (!mounts) {
    CannotRead("mounts", mounts.error());
    return;
  }
  const std::string& own = config_.layout.mount;
  const auto found = mounts->find(own);
  if (found == mounts->end()) {
    Problem("own mount", "there is no mount " + own,
            "bindings and the ledger have no place, so nothing takes effect",
            SetupCommand());
  } else if (!HoldsEngine(found->second, model::Engine::kKv2)) {
    Problem("own mount",
            "at " + own + " there is " + Describe(found->second) +
                ", not kv version 2",
            "the ledger needs compare-and-set, which only version 2 has",
            "choose another vault.mount and " + SetupCommand());
  } else {
    Fine("own mount", "kv version 2 at " + own);
  }
  for (const access::MountRule& rule : config_.snapshot.paths.mounts) {
    CheckCredentialMount(*mounts, rule);
  }
}

void VaultDoctor::CheckKubernetesConfig(const json& config) {
  const std::string check = "reviewer";
  if (TextAt(config, "kubernetes_host").empty()) {
    Problem(check, "the login does not know where the API server is",
            "no service account can log in",
            SetupCommand() + " and --kubernetes-host");
    return;
  }
  const bool local = !Flag(config, "disable_local_ca_jwt");
  // Older servers do not say whether there is a reviewer.
  const bool known = config.contains("token_reviewer_jwt_set");
  if (known && !Flag(config, "token_reviewer_jwt_set") && !local) {
    Problem(check,
            "the login has no reviewer, and may not use the token of its own "
            "pod",
            "each token would have to be allowed to review itself: sidecars' "
            "logins are refused with 403",
            SetupCommand() +
                " and --reviewer-token-file: a token of a "
                "service account that is bound to system:auth-delegator");
  } else {
    Fine(check, "tokens are reviewed at " + TextAt(config, "kubernetes_host"));
  }
  if (!local && TextAt(config, "kubernetes_ca_cert").empty()) {
    Problem("cluster CA", "the login has no authority for the API server",
            "Vault cannot tell whom it asks about tokens, so every login fails",
            SetupCommand() + " and --kubernetes-ca");
  }
}

void VaultDoctor::CheckJwtConfig(const json& config) {
  const auto keys = config.find("jwt_validation_pubkeys");
  const bool has_keys =
      keys != config.end() && keys->is_array() && !keys->empty();
  if (has_keys || !TextAt(config, "oidc_discovery_url").empty() ||
      !TextAt(config, "jwks_url").empty()) {
    Fine("keys", "the login knows the keys of tokens");
    return;
  }
  Problem("keys", "the login knows no key of the cluster's tokens",
          "no service account can log in",
          SetupCommand() + " and --jwt-keys or --jwt-discovery-url");
}

void VaultDoctor::CheckAuth(const Secret& token) {
  const access::VaultLayout& layout = config_.layout;
  const auto mounts = vault::ListAuthMounts(api_, token);
  if (!mounts) {
    CannotRead("login", mounts.error());
    return;
  }
  const auto found = mounts->find(layout.auth_mount);
  const std::string where = "auth/" + layout.auth_mount;
  if (found == mounts->end()) {
    Problem("login", "there is no login at " + where,
            "neither the operator nor a sidecar can log in", SetupCommand());
    return;
  }
  if (found->second.type != layout.auth_kind) {
    Problem("login",
            "at " + where + " there is " + found->second.type + " login, not " +
                layout.auth_kind,
            "roles would be written in a form that Vault does not take",
            "correct vault.auth.kind or vault.auth.mount");
    return;
  }
  Fine("login", layout.auth_kind + " login at " + where);
  const auto config = ReadData(api_, &token, where + "/config");
  if (!config && config.error().code != ErrorCode::kNotFound) {
    CannotRead("reviewer", config.error());
    return;
  }
  const json settings = config ? *config : json::object();
  layout.auth_kind == "jwt" ? CheckJwtConfig(settings)
                            : CheckKubernetesConfig(settings);
}

void VaultDoctor::CheckRole(const json& role, const model::ObjectRef& account) {
  const bool jwt = config_.layout.auth_kind == "jwt";
  const std::string wanted = OperatorRoleText(config_, account);
  const std::string actual = DumpJson(role);
  if (vault::RoleMatches(wanted, actual)) {
    Fine("operator role", OperatorRoleName(config_) + " is as it should be");
    return;
  }
  const json audience{{jwt ? "bound_audiences" : "audience",
                       jwt ? json::array({config_.operator_audience})
                           : json(config_.operator_audience)}};
  if (!vault::RoleMatches(DumpJson(audience), actual)) {
    Problem("operator audience",
            "the operator's role is not bound to the audience " +
                config_.operator_audience,
            "the operator's login is refused; or, where no audience is set, "
            "any token of its service account opens the role",
            SetupCommand());
    return;
  }
  Problem("operator role",
          OperatorRoleName(config_) +
              " is bound to another service account "
              "than " +
              ToString(account) + ", or has other policies or lifetimes",
          "the operator cannot log in, or not do its work",
          SetupCommand() + " and --operator NAMESPACE/NAME");
}

void VaultDoctor::CheckOperator(const Secret& token,
                                const model::ObjectRef& account) {
  const std::string name = OperatorPolicyName(config_);
  const auto policy = vault::ReadPolicy(api_, token, name);
  if (policy) {
    const auto actual = ParseJson(*policy);
    if (actual && DumpJson(*actual) == op::OwnPolicyText(config_.layout)) {
      Fine("operator policy", name + " is as it should be");
    } else {
      Problem("operator policy", name + " is not what the operator needs",
              "calls that it does not allow are refused, and what it allows "
              "beyond them is a risk",
              SetupCommand() + "; claviger vault policy shows it");
    }
  } else if (policy.error().code == ErrorCode::kNotFound) {
    Problem("operator policy", "there is no policy " + name,
            "the operator may do nothing", SetupCommand());
  } else {
    CannotRead("operator policy", policy.error());
  }
  const auto role = vault::ReadRole(api_, token, config_.layout.auth_mount,
                                    OperatorRoleName(config_));
  if (role) {
    CheckRole(ParseJson(*role).value_or(json::object()), account);
  } else if (role.error().code == ErrorCode::kNotFound) {
    Problem("operator role",
            "there is no role " + OperatorRoleName(config_) + " at auth/" +
                config_.layout.auth_mount,
            "the operator cannot log in", SetupCommand());
  } else {
    CannotRead("operator role", role.error());
  }
}

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
#include "cli/operator_role.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/names.h"

namespace claviger::cli {

std::string OperatorPolicyName(const op::Config& config) {
  return "claviger." + config.layout.cluster + ".operator";
}

std::string OperatorRoleName(const op::Config& config) {
  return config.login_role.empty() ? OperatorPolicyName(config)
                                   : config.login_role;
}

std::string OperatorRoleText(const op::Config& config,
                             const model::ObjectRef& account) {
  constexpr int kLife = 3600;
  constexpr int kLongestLife = 86'400;
  nlohmann::json role{{"token_policies", {OperatorPolicyName(config)}},
                      {"token_no_default_policy", true},
                      {"token_ttl", kLife},
                      {"token_max_ttl", kLongestLife}};
  if (config.layout.auth_kind == "jwt") {
    role["role_type"] = "jwt";
    role["user_claim"] = "sub";
    role["bound_subject"] =
        "system:serviceaccount:" + account.ns + ":" + account.name;
    role["bound_audiences"] = {config.operator_audience};
  } else {
    role["bound_service_account_namespaces"] = {account.ns};
    role["bound_service_account_names"] = {account.name};
    role["audience"] = config.operator_audience;
    role["alias_name_source"] = "serviceaccount_uid";
  }
  return DumpJson(role);
}

Result<model::ObjectRef> ParseAccount(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash != std::string::npos && IsDnsLabel(text.substr(0, slash)) &&
      IsDnsSubdomain(text.substr(slash + 1))) {
    return model::ObjectRef{text.substr(0, slash), text.substr(slash + 1)};
  }
  return Fail(ErrorCode::kInvalidArgument,
              "not the namespace/name of a service account");
}

}  // namespace claviger::cli

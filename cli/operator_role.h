// SPDX-License-Identifier: Apache-2.0
//
// What an administrator puts into Vault for the operator itself, as setup
// writes it and doctor expects it. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "model/object.h"
#include "operator/config.h"

namespace claviger::cli {

/// "claviger.prod-eu.operator", or what vault.auth.role says.
std::string OperatorRoleName(const op::Config& config);
/// Its policy bears the name that the role has by default.
std::string OperatorPolicyName(const op::Config& config);

/// The role's JSON for the operator's service account: bound to it and to the
/// operator's audience, with the operator's policy and no other.
std::string OperatorRoleText(const op::Config& config,
                             const model::ObjectRef& account);

/// "namespace/name" of a service account taken apart.
Result<model::ObjectRef> ParseAccount(const std::string& text);

}  // namespace claviger::cli

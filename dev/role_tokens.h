// SPDX-License-Identifier: Apache-2.0
//
// The part of a role that every auth method shares: what tokens its logins get.
// Plain values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "dev/fields.h"
#include "dev/message.h"
#include "dev/tokens.h"

namespace claviger::dev {

struct RoleTokens {
  int64_t ttl = 0;
  int64_t max_ttl = 0;
  int64_t explicit_max_ttl = 0;
  int64_t period = 0;
  int64_t num_uses = 0;
  bool no_default_policy = false;
  std::string type = "default";
  std::vector<std::string> policies;

  /// Reads the token_* fields; what is absent stays. kInvalidArgument as Vault
  /// says it; token_bound_cidrs are refused, since nothing here enforces them.
  Status Read(const nlohmann::json& body);
  /// Adds them as Vault shows them.
  void Show(nlohmann::json& role) const;
};

/// Who logged in, as the auth method found out.
struct Identity {
  std::string mount;  // "auth/users/"
  std::string role;
  std::string alias;         // the same person or workload, the same entity
  std::string display_name;  // behind the mount's name
  std::map<std::string, std::string> metadata;
};

/// Makes the token of a login and the reply that carries it.
Reply LogIn(TokenStore& tokens, const RoleTokens& role, Identity identity);

/// `*` stands for any text; everything else for itself.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// The jwt auth method with configured public keys. No OIDC, no JWKS. Not
// synchronised.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dev/claims.h"
#include "dev/jws.h"
#include "dev/role_auth.h"
#include "dev/role_tokens.h"
#include "dev/tokens.h"

namespace claviger::dev {

struct JwtRole {
  std::vector<std::string> bound_audiences;
  std::string bound_subject;
  nlohmann::json bound_claims;  // null or an object
  bool glob = false;
  std::string user_claim;
  std::string groups_claim;
  std::map<std::string, std::string> claim_mappings;
  Leeways leeways;
  RoleTokens tokens;
};

class JwtAuth final : public RoleAuth<JwtRole> {
 public:
  JwtAuth(std::string mount, Clock& clock, TokenStore& tokens)
      : mount_(std::move(mount)), clock_(clock), tokens_(tokens) {}

 private:
  struct Config {
    std::vector<std::string> pems;
    std::vector<JwsKey> keys;
    std::string bound_issuer;
    std::string default_role;
  };

  Reply Login(const Request& request) override;
  Reply HandleConfig(const Request& request) override;
  Reply WriteRole(const Request& request, const std::string& name) override;
  static Status ReadBinding(const nlohmann::json& body, JwtRole& role);
  Status CheckClaims(const JwtRole& role, const nlohmann::json& claims) const;
  nlohmann::json Show(const JwtRole& role) const override;

  const std::string mount_;
  Clock& clock_;
  TokenStore& tokens_;
  std::optional<Config> config_;
};

}  // namespace claviger::dev

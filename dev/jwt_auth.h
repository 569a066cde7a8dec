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
#include "dev/backend.h"
#include "dev/claims.h"
#include "dev/jws.h"
#include "dev/role_tokens.h"
#include "dev/tokens.h"

namespace claviger::dev {

class JwtAuth final : public Backend {
 public:
  JwtAuth(std::string mount, Clock& clock, TokenStore& tokens)
      : mount_(std::move(mount)), clock_(clock), tokens_(tokens) {}

  std::optional<bool> Exists(const std::string& path) const override;
  bool IsLogin(const std::string& path) const override {
    return path == "login";
  }
  Result<int64_t> RoleTtl(const std::string& role) const override;
  Reply Handle(const Request& request) override;

 private:
  struct Config {
    std::vector<std::string> pems;
    std::vector<JwsKey> keys;
    std::string bound_issuer;
    std::string default_role;
  };
  struct Role {
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

  Reply HandleConfig(const Request& request);
  Reply HandleRole(const Request& request, const std::string& name);
  Reply WriteRole(const Request& request, const std::string& name);
  static Status ReadBinding(const nlohmann::json& body, Role& role);
  Reply Login(const Request& request);
  Status CheckClaims(const Role& role, const nlohmann::json& claims) const;
  static nlohmann::json Show(const Role& role);

  const std::string mount_;
  Clock& clock_;
  TokenStore& tokens_;
  std::optional<Config> config_;
  std::map<std::string, Role> roles_;
};

}  // namespace claviger::dev

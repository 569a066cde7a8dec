// SPDX-License-Identifier: Apache-2.0
//
// The kubernetes auth method, with the DevelopmentIssuer in the place of the
// API server's TokenReview. Not synchronised.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dev/backend.h"
#include "dev/jws.h"
#include "dev/role_tokens.h"
#include "dev/tokens.h"

namespace claviger::dev {

class KubernetesAuth final : public Backend {
 public:
  /// `mount` as in "auth/kubernetes/"; `reviewer` verifies what the
  /// development issuer signed.
  KubernetesAuth(std::string mount, Clock& clock, TokenStore& tokens,
                 JwsKey reviewer)
      : mount_(std::move(mount)),
        clock_(clock),
        tokens_(tokens),
        reviewer_({std::move(reviewer)}) {}

  std::optional<bool> Exists(const std::string& path) const override;
  bool IsLogin(const std::string& path) const override {
    return path == "login";
  }
  Result<int64_t> RoleTtl(const std::string& role) const override;
  Reply Handle(const Request& request) override;

 private:
  struct Config {
    std::string host;
    std::string ca_cert;
    std::string issuer;
    std::vector<std::string> pem_keys;
    bool disable_local_ca_jwt = false;
    bool disable_iss_validation = true;
    bool reviewer_jwt_set = false;
  };
  struct Role {
    std::vector<std::string> names;
    std::vector<std::string> namespaces;
    std::string audience;
    std::string alias_source = "serviceaccount_uid";
    RoleTokens tokens;
  };

  struct ServiceAccount {
    std::string ns;
    std::string name;
    std::string uid;
  };

  Reply HandleConfig(const Request& request);
  Reply HandleRole(const Request& request, const std::string& name);
  Reply WriteRole(const Request& request, const std::string& name);
  Reply Login(const Request& request);
  Status Authorise(const Role& role, const ServiceAccount& account,
                   const nlohmann::json& claims) const;
  static std::optional<ServiceAccount> AccountOf(const nlohmann::json& claims);
  static nlohmann::json Show(const Role& role);
  static Status Check(const Role& role);

  const std::string mount_;
  Clock& clock_;
  TokenStore& tokens_;
  const std::vector<JwsKey> reviewer_;
  std::optional<Config> config_;
  std::map<std::string, Role> roles_;
};

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// The kubernetes auth method, with the DevelopmentIssuer in the place of the
// API server's TokenReview. Not synchronised.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dev/jws.h"
#include "dev/role_auth.h"
#include "dev/role_tokens.h"
#include "dev/tokens.h"

namespace claviger::dev {

struct KubernetesRole {
  std::vector<std::string> names;
  std::vector<std::string> namespaces;
  std::string audience;
  std::string alias_source = "serviceaccount_uid";
  RoleTokens tokens;
};

class KubernetesAuth final : public RoleAuth<KubernetesRole> {
 public:
  /// `mount` as in "auth/kubernetes/"; `reviewer` verifies what the
  /// development issuer signed.
  KubernetesAuth(std::string mount, Clock& clock, TokenStore& tokens,
                 JwsKey reviewer)
      : mount_(std::move(mount)),
        clock_(clock),
        tokens_(tokens),
        reviewer_({std::move(reviewer)}) {}

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

  struct ServiceAccount {
    std::string ns;
    std::string name;
    std::string uid;
  };

  Reply Login(const Request& request) override;
  Reply HandleConfig(const Request& request) override;
  Reply WriteRole(const Request& request, const std::string& name) override;
  Status Authorise(const KubernetesRole& role, const ServiceAccount& account,
                   const nlohmann::json& claims) const;
  static std::optional<ServiceAccount> AccountOf(const nlohmann::json& claims);
  nlohmann::json Show(const KubernetesRole& role) const override;
  static Status Check(const KubernetesRole& role);

  const std::string mount_;
  Clock& clock_;
  TokenStore& tokens_;
  const std::vector<JwsKey> reviewer_;
  std::optional<Config> config_;
};

}  // namespace claviger::dev

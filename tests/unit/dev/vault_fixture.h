// SPDX-License-Identifier: Apache-2.0
//
// An embedded Vault without its listener, on a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "dev/development_issuer.h"
#include "dev/vault_core.h"
#include "support/fake_clock.h"
#include "support/fake_random.h"

namespace claviger::dev::testing {

struct VaultAnswer {
  int status = 0;
  nlohmann::json body;  // null without one

  const nlohmann::json& data() const { return body.at("data"); }
  std::string error() const {
    return body.contains("errors") && !body["errors"].empty()
               ? body["errors"][0].get<std::string>()
               : "";
  }
  std::string token() const { return body.at("auth").at("client_token"); }
};

class VaultTest : public ::testing::Test {
 protected:
  using json = nlohmann::json;

  VaultTest()
      : issuer_(*DevelopmentIssuer::Create(clock_, random_)),
        core_(*VaultCore::Create(clock_, random_, *issuer_)) {}

  std::string root() const { return std::string(core_->root_token().Reveal()); }

  VaultAnswer Call(const std::string& method, const std::string& path,
                   const json& body, const std::string& token) {
    http::ServerRequest request;
    request.method = method;
    request.target = "/v1/" + path;
    if (!token.empty()) request.headers = {{"X-Vault-Token", token}};
    if (!body.is_null()) request.body = DumpJson(body);
    const auto response = core_->Answer(std::move(request));
    VaultAnswer answer;
    answer.status = response.status;
    if (!response.body.empty()) answer.body = *ParseJson(response.body);
    return answer;
  }
  VaultAnswer Read(const std::string& path) {
    return Call("GET", path, nullptr, root());
  }
  VaultAnswer List(const std::string& path) {
    return Call("LIST", path, nullptr, root());
  }
  VaultAnswer Write(const std::string& path, const json& body) {
    return Call("POST", path, body, root());
  }
  VaultAnswer Delete(const std::string& path) {
    return Call("DELETE", path, nullptr, root());
  }

  /// {"secret/data/a": {"read"}} as a policy.
  void WritePolicy(
      const std::string& name,
      const std::map<std::string, std::vector<std::string>>& paths) {
    json rules = json::object();
    for (const auto& [path, capabilities] : paths) {
      rules[path] = {{"capabilities", capabilities}};
    }
    const auto answer = Write("sys/policies/acl/" + name,
                              {{"policy", DumpJson(json{{"path", rules}})}});
    ASSERT_EQ(answer.status, 204) << answer.error();
  }
  /// A token of just these policies.
  std::string TokenWith(const std::vector<std::string>& policies,
                        json more = json::object()) {
    more["policies"] = policies;
    more["no_default_policy"] = true;
    return Write("auth/token/create", more).token();
  }

  claviger::testing::FakeClock clock_;
  claviger::testing::FakeRandom random_;
  std::unique_ptr<DevelopmentIssuer> issuer_;
  std::unique_ptr<VaultCore> core_;
};

}  // namespace claviger::dev::testing

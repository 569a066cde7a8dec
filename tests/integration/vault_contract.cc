// SPDX-License-Identifier: Apache-2.0
#include "integration/vault_contract.h"

#include <utility>

#include "http/curl_client.h"
#include "support/real_servers.h"
#include "vault/http_api.h"
#include "vault/kv.h"
#include "vault/policy.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using vault::Call;
using vault::Verb;

Result<std::unique_ptr<VaultUnderTest>>& SharedVault() {
  static auto shared = StartVaultUnderTest();
  return shared;
}

}  // namespace

void VaultContractTest::SetUp() {
  auto& shared = SharedVault();
  CLAVIGER_NEED_SERVER(shared);
  vault_ = shared->get();
  client_ = *http::MakeCurlClient({});
  api_ = *vault::MakeHttpApi({.address = vault_->address()}, *client_);
  root_ = Secret(vault_->root_token());
}

std::string VaultContractTest::Fresh(const std::string& name) {
  static int count = 0;
  return name + "-" + std::to_string(++count);
}

std::string VaultContractTest::PolicyText(const std::vector<Rule>& rules) {
  json paths = json::object();
  for (const Rule& rule : rules) {
    paths[rule.path] = {{"capabilities", rule.capabilities}};
  }
  return json{{"path", paths}}.dump();
}

std::string VaultContractTest::NewPolicy(const std::vector<Rule>& rules) {
  std::string name = Fresh("contract.policy");
  const Status written =
      vault::WritePolicy(api(), root(), name, PolicyText(rules));
  EXPECT_TRUE(written) << written.error().message;
  return name;
}

Secret VaultContractTest::NewToken(const std::vector<std::string>& policies) {
  const auto answer =
      Do(root(), Verb::kWrite, "auth/token/create",
         json{{"policies", policies}, {"no_default_policy", true}}.dump());
  if (!answer) {
    ADD_FAILURE() << answer.error().message;
    return Secret();
  }
  return Secret(
      json::parse(answer->body)["auth"]["client_token"].get<std::string>());
}

Secret VaultContractTest::NewToken(const std::vector<Rule>& rules) {
  return NewToken(std::vector<std::string>{NewPolicy(rules)});
}

std::string VaultContractTest::NewKv(const std::string& version) {
  std::string mount = Fresh("kv");
  const Status enabled = vault::EnableMount(
      api(), root(), mount, {.type = "kv", .options = {{"version", version}}});
  EXPECT_TRUE(enabled) << enabled.error().message;
  // A new mount of version 2 prepares itself for a moment.
  while (version == "2" &&
         CodeOf(vault::ReadKv2(api(), root(), mount, "x")) == "unavailable") {
  }
  return mount;
}

Result<vault::Answer> VaultContractTest::Do(const Secret& token, Verb verb,
                                            const std::string& path,
                                            const std::string& body) {
  Call call;
  call.verb = verb;
  call.path = path;
  call.body = body;
  call.token = token.empty() ? nullptr : &token;
  return api().Do(call);
}

std::string VaultContractTest::Outcome(const Secret& token, Verb verb,
                                       const std::string& path,
                                       const std::string& body) {
  return CodeOf(Do(token, verb, path, body));
}

}  // namespace claviger::testing

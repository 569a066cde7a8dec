// SPDX-License-Identifier: Apache-2.0
#include "operator/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace claviger::op {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kWhole[] = R"(
cluster: prod-eu
vault:
  address: https://vault.corp:8200
  caFile: /etc/claviger/vault-ca.pem
  namespace: ""
  mount: claviger
  mounts:
    - {mount: secret, engine: kv2, allow: ["{namespace}/+", "{namespace}/+/+"]}
    - {mount: database, engine: database, allow: ["{namespace}.+"]}
  auth: {kind: kubernetes, mount: claviger}
  userAuth: {mount: claviger-users, userClaim: sub}
audiences: {sidecar: claviger-3f9c, operator: claviger-op-3f9c, push: claviger-push-3f9c}
admins: [{users: [], groups: ["system:masters"], namespaces: ["*"]}]
sharing: {organizationFrom: ["*"]}
safety: {massDeletePercent: 20, massDeleteMin: 30, confirmMassDelete: "sales:0123abcd"}
)";

constexpr char kLeast[] = R"(
cluster: prod
vault: {address: "http://127.0.0.1:8200", mounts: []}
audiences: {sidecar: claviger-1}
)";

std::string ErrorOf(const std::string& text) {
  const Result<Config> config = ParseConfig(text, "c.yaml");
  EXPECT_FALSE(config);
  return config ? "" : config.error().message;
}

TEST(OperatorConfigTest, InjectsOnlyWhatIsConfigured) {
  const Result<Config> least = ParseConfig(kLeast, "c.yaml");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->injection.image, "");
  EXPECT_EQ(least->injection.audience, "claviger-1");
  EXPECT_EQ(least->injection.resources.limits.at("memory"), "32Mi");
  const Result<Config> config = ParseConfig(
      std::string(kLeast) +
          "injection:\n  image: \"r.io/claviger/sidecar@sha256:1\"\n"
          "  imagePullPolicy: Never\n  runAsUser: 0\n  logLevel: debug\n"
          "  resources: {limits: {memory: 48Mi}}\n",
      "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->injection.image, "r.io/claviger/sidecar@sha256:1");
  EXPECT_EQ(config->injection.pull_policy, "Never");
  EXPECT_EQ(config->injection.run_as_user, 0);
  EXPECT_EQ(config->injection.log_level, "debug");
  EXPECT_TRUE(config->injection.resources.requests.empty());
  EXPECT_EQ(config->injection.resources.limits.at("memory"), "48Mi");
}

TEST(OperatorConfigTest, RefusesWhatNoSidecarCanBe) {
  const std::string errors = ErrorOf(
      std::string(kLeast) +
      "injection: {image: \"x' || true\", imagePullPolicy: Sometimes, "
      "runAsUser: -1, logLevel: loud, resources: {limits: {gpu: \"1\"}}}\n");
  for (const char* key :
       {"image", "imagePullPolicy", "runAsUser", "logLevel", "resources"}) {
    EXPECT_THAT(errors, HasSubstr(std::string("injection.") + key + ": "));
  }
}

TEST(OperatorConfigTest, ReadsTheWholeExample) {
  const Result<Config> config = ParseConfig(kWhole, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->layout.cluster, "prod-eu");
  EXPECT_EQ(config->vault_address, "https://vault.corp:8200");
  EXPECT_EQ(config->vault_namespace, "");
  EXPECT_EQ(config->layout.user_auth_mount, "claviger-users");
  EXPECT_EQ(config->layout.sidecar_audience, "claviger-3f9c");
  EXPECT_THAT(config->layout.user_audiences, ElementsAre("claviger-3f9c"));
  EXPECT_EQ(config->login_role, "claviger.prod-eu.operator");
  EXPECT_EQ(config->safety.percent, 20);
  EXPECT_EQ(config->safety.min, 30);
  EXPECT_EQ(config->safety.confirm, "sales:0123abcd");
  ASSERT_EQ(config->admins.size(), 1u);
  EXPECT_THAT(config->admins[0].groups, ElementsAre("system:masters"));

  const ReconcilerSettings settings = ReconcilerSettingsOf(*config);
  const access::PathRules& paths = settings.snapshot.paths;
  EXPECT_FALSE(paths.allow_all);
  EXPECT_EQ(paths.cluster, "prod-eu");
  EXPECT_EQ(paths.own_mount, "claviger");
  ASSERT_EQ(paths.mounts.size(), 2u);
  EXPECT_EQ(paths.mounts[1].engine, model::Engine::kDatabase);
  EXPECT_THAT(paths.mounts[1].allow, ElementsAre("{namespace}.+"));
  EXPECT_EQ(settings.safety.percent, 20);
}

TEST(OperatorConfigTest, AdministratorsOfSomeNamespacesAreNotThoseOfAll) {
  const Result<Config> config = ParseConfig(
      std::string(kLeast) +
          "admins: [{groups: [leads], namespaces: [sales]}, {users: [root]}, "
          "{users: [nobody], namespaces: []}]\n",
      "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->admins.size(), 3u);
  EXPECT_THAT(config->admins[0].namespaces, ElementsAre("sales"));
  EXPECT_THAT(config->admins[1].namespaces, ElementsAre("*"));
  EXPECT_THAT(config->admins[2].namespaces, ElementsAre());
}

TEST(OperatorConfigTest, WhatIsNotSaidIsRefusedOrSafe) {
  const Result<Config> config = ParseConfig(kLeast, "c.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->snapshot.paths.allow_all);
  EXPECT_TRUE(config->layout.user_auth_mount.empty());
  EXPECT_EQ(config->layout.auth_kind, "kubernetes");
  EXPECT_EQ(config->safety.percent, 10);
  EXPECT_EQ(config->health.port, 8081);
}

TEST(OperatorConfigTest, ReportsEveryProblemAtOnceWithItsLine) {
  const std::string error = ErrorOf(R"(
cluster: Prod
vualt: {}
vault:
  address: vault.corp
  mounts: [{mount: secret, engine: kv9, allow: ["{namespace}/+"], more: 1}]
  auth: {kind: ldap}
safety: {massDeletePercent: 101}
)");
  EXPECT_THAT(error, HasSubstr("c.yaml:2: cluster: not a cluster's name"));
  EXPECT_THAT(error, HasSubstr("c.yaml:3: vualt: unknown key"));
  EXPECT_THAT(error, HasSubstr("c.yaml:5: vault.address: not an address"));
  EXPECT_THAT(error, HasSubstr("vault.mounts[0].engine: unknown engine"));
  EXPECT_THAT(error, HasSubstr("vault.mounts[0].more"));
  EXPECT_THAT(error, HasSubstr("vault.auth.kind: unknown way"));
  EXPECT_THAT(error, HasSubstr("safety.massDeletePercent: out of range"));
  EXPECT_THAT(error, HasSubstr("audiences.sidecar: required"));
}

TEST(OperatorConfigTest, RefusesMountsThatMustNotBeNamed) {
  for (const char* mount : {"sys", "auth", "identity", "cubbyhole", "claviger",
                            "secret/data/../x", "a*"}) {
    const std::string error = ErrorOf(
        std::string("cluster: prod\naudiences: {sidecar: a}\nvault: {address: "
                    "\"https://v\", mounts: [{mount: \"") +
        mount + "\", engine: kv2, allow: [\"+\"]}]}\n");
    EXPECT_THAT(error, HasSubstr("vault.mounts")) << mount;
  }
}

TEST(OperatorConfigTest, RefusesPatternsThatCouldReachAnothersPaths) {
  for (const char* pattern :
       {"{namespace}-+", "{namespace}+", "*", "{namespace}/*", "../x",
        "{pod}/+", "{namespace}/{namespace", ""}) {
    const std::string error = ErrorOf(
        std::string("cluster: prod\naudiences: {sidecar: a}\nvault: {address: "
                    "\"https://v\", mounts: [{mount: secret, engine: kv2, "
                    "allow: [\"") +
        pattern + "\"]}]}\n");
    EXPECT_THAT(error, HasSubstr("vault.mounts")) << pattern;
  }
}

TEST(OperatorConfigTest, MissingFileIsSaid) {
  const Result<Config> config = LoadConfig("/nonexistent/c.yaml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("read configuration"));
}

TEST(OperatorConfigTest, ReferencePageIsMadeOfTheTable) {
  const Result<std::string> page = ReadFile(
      CLAVIGER_SOURCE_DIR "/docs/reference/operator-config.md", 1U << 20U);
  ASSERT_TRUE(page) << page.error().message;
  const std::string table = model::SettingsMarkdown(ConfigKeys());
  EXPECT_THAT(*page, HasSubstr(table))
      << "docs/reference/operator-config.md should hold this table:\n"
      << table;
}

}  // namespace
}  // namespace claviger::op

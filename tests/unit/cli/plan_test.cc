// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "cli/cli_world.h"
#include "cli/exit_code.h"
#include "cli/vault_access.h"
#include "dev/embedded_vault.h"
#include "vault/policy.h"
#include "vault/sys.h"

namespace claviger::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A Vault that is prepared as an administrator would, and a token file.
class PlanTest : public CliTest {
 protected:
  void SetUp() override {
    auto vault = dev::EmbeddedVault::Start({clock_, random_, log_});
    ASSERT_TRUE(vault.has_value()) << vault.error().message;
    vault_ = std::move(*vault);
    auto access = VaultAccess::Open({vault_->address(), "", ""});
    ASSERT_TRUE(access.has_value());
    access_ = std::move(*access);
    ASSERT_TRUE(vault::EnableMount(access_->api(), vault_->root_token(),
                                   "claviger", {"kv", {{"version", "2"}}}));
    ASSERT_TRUE(vault::EnableAuthMount(access_->api(), vault_->root_token(),
                                       "claviger", "kubernetes"));
    Write("world.yaml", kWorld);
    Write("operator.conf", "cluster: test\nvault: {address: \"" +
                               vault_->address() +
                               "\", mounts: [{mount: secret, engine: kv2, "
                               "allow: [\"{namespace}/+\"]}]}\n"
                               "audiences: {sidecar: claviger-test}\n");
    Write("token", std::string(vault_->root_token().Reveal()) + "\n");
  }

  Ran Plan(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(),
                     {"plan", "-f", directory() + "/world.yaml", "--config",
                      directory() + "/operator.conf", "--token-file",
                      directory() + "/token"});
    return Run(arguments);
  }

  std::unique_ptr<dev::EmbeddedVault> vault_;
  std::unique_ptr<VaultAccess> access_;
};

TEST_F(PlanTest, ShowsWhatWouldBeCreatedAndWritesNothing) {
  const Ran ran = Plan({"-o", "json"});
  ASSERT_EQ(ran.code, kExitYes) << ran.err;
  std::vector<std::string> names;
  const auto json = ran.Json();
  for (const auto& change : json["changes"]) {
    EXPECT_EQ(change["action"], "create");
    names.push_back(std::string(change["kind"]) + " " +
                    std::string(change["name"]));
  }
  EXPECT_THAT(names, Contains("policy claviger.test.sa.reports.nightly"));
  EXPECT_EQ(Plan({"-o", "json"}).out, ran.out);
  const auto policies =
      vault::ListPolicies(access_->api(), vault_->root_token());
  ASSERT_TRUE(policies.has_value());
  EXPECT_THAT(*policies, Not(Contains(HasSubstr("claviger."))));
}

TEST_F(PlanTest, NeverShowsTheToken) {
  const Ran ran = Plan();
  EXPECT_EQ(ran.code, kExitYes);
  EXPECT_THAT(ran.out, HasSubstr("Nothing was written."));
  const std::string token(vault_->root_token().Reveal());
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(token)));
}

TEST_F(PlanTest, AVaultThatRefusesIsAnError) {
  Write("token", "wrong\n");
  const Ran ran = Plan();
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, Not(HasSubstr("wrong")));
}

TEST_F(PlanTest, ASealedVaultIsAnError) {
  vault_->Seal(true);
  EXPECT_EQ(Plan().code, kExitError);
}

TEST_F(PlanTest, AnIncompleteReadPlansNothing) {
  Write("world.yaml", "kind: [\n");
  const Ran ran = Plan();
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("world.yaml"));
}

TEST_F(PlanTest, AWrongConfigurationIsAnErrorWithItsLine) {
  Write("operator.conf", "cluster: test\nvalut: {}\n");
  const Ran ran = Plan();
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("operator.conf:2"));
}

TEST_F(PlanTest, ThePolicyOfTheOperatorNamesOnlyItsOwnThings) {
  const std::string config = directory() + "/operator.conf";
  const Ran ran = Run({"vault", "policy", "--config", config, "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes) << ran.err;
  const auto json = ran.Json();
  EXPECT_TRUE(json["path"].contains("sys/policies/acl/claviger.test.*"));
  EXPECT_THAT(ran.out, Not(HasSubstr("secret/")));
  EXPECT_EQ(Run({"vault", "policy", "--config", config + "x"}).code,
            kExitError);
  EXPECT_EQ(Run({"vault"}).code, kExitUsage);
}

TEST_F(PlanTest, TheConfigurationsPathRulesBindLintAndExplain) {
  Write("world.yaml", std::string(kWorld) + R"(---
apiVersion: claviger.io/v1alpha1
kind: Connection
metadata: {name: foreign, namespace: sales}
spec:
  provider: http
  endpoint: {url: "https://foreign.example"}
  sharing: {mode: Organization}
  credentials:
    type: token
    default: {vault: {engine: kv2, mount: secret, path: hr/payroll}}
)");
  const std::string world = directory() + "/world.yaml";
  const std::string config = directory() + "/operator.conf";
  EXPECT_EQ(Run({"lint", "-f", world}).code, kExitYes);
  const Ran lint = Run({"lint", "-f", world, "--config", config});
  EXPECT_EQ(lint.code, kExitNo);
  EXPECT_THAT(lint.out, HasSubstr("hr/payroll"));
  const Ran explain = Run({"explain", "-f", world, "--config", config, "--as",
                           "user/alice", "sales/foreign", "-o", "json"});
  EXPECT_EQ(explain.Json()["reason"], "NotReady");
}

}  // namespace
}  // namespace claviger::cli

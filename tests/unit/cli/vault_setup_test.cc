// SPDX-License-Identifier: Apache-2.0
//
// `claviger vault setup` and `vault doctor` against the embedded Vault: what
// the one makes, the other finds nothing wrong with.
#include <gmock/gmock.h>

#include <map>

#include "cli/cli_world.h"
#include "cli/exit_code.h"
#include "cli/vault_access.h"
#include "dev/embedded_vault.h"
#include "vault/auth.h"
#include "vault/policy.h"
#include "vault/sys.h"

namespace claviger::cli {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

/// A Vault as it is on the first day, and an administrator's token.
class VaultSetupTest : public CliTest {
 protected:
  void SetUp() override {
    auto vault = dev::EmbeddedVault::Start({vault_clock_, random_, log_});
    ASSERT_TRUE(vault.has_value()) << vault.error().message;
    vault_ = std::move(*vault);
    auto access = VaultAccess::Open({vault_->address(), "", ""});
    ASSERT_TRUE(access.has_value());
    access_ = std::move(*access);
    ASSERT_TRUE(vault::EnableMount(api(), root(), "secret",
                                   {"kv", {{"version", "2"}}}));
    Configure("");
    Write("token", std::string(root().Reveal()) + "\n");
    stop_.waits = 1000;
  }

  void Configure(const std::string& audience) {
    Write("operator.conf",
          "cluster: test\nvault: {address: \"" + vault_->address() +
              "\", mounts: [{mount: secret, engine: kv2, allow: "
              "[\"{namespace}/+\"]}]}\naudiences: {sidecar: side, operator: " +
              (audience.empty() ? "op" : audience) +
              "}\ntokenFile: " + directory() + "/none\n");
  }

  Ran Vault(const std::string& command, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"vault", command};
    for (const std::string& one :
         {std::string("--config"), directory() + "/operator.conf",
          std::string("--token-file"), directory() + "/token"}) {
      arguments.push_back(one);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  Ran Prepare(std::vector<std::string> more = {}) {
    more.emplace_back("--kubernetes-host");
    more.emplace_back(dev::kServiceAccountIssuer);
    return Vault("setup", std::move(more));
  }

  /// "policy claviger.test.operator" -> "done"
  std::map<std::string, std::string> States(const Ran& ran) {
    std::map<std::string, std::string> states;
    const auto json = ran.Json();
    for (const auto& step : json["steps"]) states[step["what"]] = step["state"];
    return states;
  }
  /// check -> what, of the problems.
  std::map<std::string, std::string> Problems(const Ran& ran) {
    std::map<std::string, std::string> problems;
    const auto json = ran.Json();
    for (const auto& one : json["findings"]) {
      if (one["kind"] != "problem") continue;
      problems[one["check"]] = one["what"];
      EXPECT_NE(one["why"], "") << one;
      EXPECT_NE(one["fix"], "") << one;
    }
    return problems;
  }

  void WriteToken(const std::string& audience, const std::string& account) {
    auto token = vault_->issuer().MintServiceAccountToken(
        "claviger-system", account, "uid-1", audience, std::chrono::hours(1));
    ASSERT_TRUE(token.has_value());
    Write("sa.token", std::string(token->Reveal()));
  }

  vault::Api& api() { return access_->api(); }
  const Secret& root() { return vault_->root_token(); }

  testing::FakeClock vault_clock_;
  std::unique_ptr<dev::EmbeddedVault> vault_;
  std::unique_ptr<VaultAccess> access_;
};

TEST_F(VaultSetupTest, MakesEverythingOnceAndNothingTwice) {
  const Ran first = Prepare({"-o", "json"});
  ASSERT_EQ(first.code, kExitYes) << first.err;
  EXPECT_EQ(States(first).size(), 6U);
  EXPECT_THAT(States(first), Each(Pair(::testing::_, "done")));
  const Ran second = Prepare({"-o", "json"});
  ASSERT_EQ(second.code, kExitYes) << second.err;
  EXPECT_EQ(States(second).size(), 6U);
  EXPECT_THAT(States(second), Each(Pair(::testing::_, "present")));
}

TEST_F(VaultSetupTest, BindsTheOperatorToItsAccountAndAudience) {
  ASSERT_EQ(Prepare({"--operator", "ops/claviger"}).code, kExitYes);
  const auto role =
      vault::ReadRole(api(), root(), "claviger", "claviger.test.operator");
  ASSERT_TRUE(role.has_value());
  const auto json = nlohmann::json::parse(*role);
  EXPECT_EQ(json["bound_service_account_names"][0], "claviger");
  EXPECT_EQ(json["bound_service_account_namespaces"][0], "ops");
  EXPECT_EQ(json["audience"], "op");
  EXPECT_EQ(json["token_no_default_policy"], true);
}

TEST_F(VaultSetupTest, WritesNothingInADryRun) {
  const Ran ran = Prepare({"--dry-run", "-o", "json"});
  ASSERT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_THAT(States(ran), Each(Pair(::testing::_, "would be done")));
  EXPECT_EQ(vault::ListMounts(api(), root())->count("claviger"), 0U);
  EXPECT_EQ(vault::ListAuthMounts(api(), root())->count("claviger"), 0U);
  EXPECT_FALSE(vault::ReadPolicy(api(), root(), "claviger.test.operator"));
}

TEST_F(VaultSetupTest, LeavesWhatItIsNotToldToTheAdministrator) {
  const Ran ran = Vault("setup", {"-o", "json"});
  ASSERT_EQ(ran.code, kExitYes) << ran.err;
  EXPECT_EQ(States(ran)["whose tokens auth/claviger trusts"], "left to you");
  EXPECT_THAT(ran.out, HasSubstr("give --kubernetes-host"));
}

TEST_F(VaultSetupTest, NeverTakesOverSomethingElse) {
  ASSERT_TRUE(vault::EnableMount(api(), root(), "claviger",
                                 {"kv", {{"version", "1"}}}));
  const Ran ran = Prepare();
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("other than kv version 2"));
}

TEST_F(VaultSetupTest, NeedsAnAudienceAndSaysWhy) {
  Write("operator.conf", "cluster: test\nvault: {address: \"" +
                             vault_->address() +
                             "\", mounts: []}\naudiences: {sidecar: side}\n");
  const Ran ran = Prepare();
  EXPECT_EQ(ran.code, kExitError);
  EXPECT_THAT(ran.err, HasSubstr("audiences.operator is not set"));
}

TEST_F(VaultSetupTest, RefusesSettingsOfTheOtherKindOfLogin) {
  EXPECT_EQ(Prepare({"--jwt-discovery-url", "https://a"}).code, kExitError);
  EXPECT_EQ(Prepare({"--operator", "no-namespace"}).code, kExitUsage);
}

TEST_F(VaultSetupTest, PrintsATableWithoutAnySecret) {
  const Ran ran = Prepare();
  EXPECT_THAT(ran.out, HasSubstr("policy claviger.test.operator"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(std::string(root().Reveal()))));
}

TEST_F(VaultSetupTest, DoctorFindsNothingWrongWithWhatSetupMade) {
  ASSERT_EQ(Prepare().code, kExitYes);
  WriteToken("op", "claviger-operator");
  const Ran ran = Vault("doctor", {"--operator-token-file",
                                   directory() + "/sa.token", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes) << ran.out << ran.err;
  EXPECT_THAT(Problems(ran), ::testing::IsEmpty());
  EXPECT_THAT(ran.out, Not(HasSubstr("unchecked"))) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("the operator may do all that it has to"));
}

TEST_F(VaultSetupTest, DoctorNamesAllThatIsMissingOnTheFirstDay) {
  const Ran ran = Vault("doctor", {"-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(Problems(ran), Contains(::testing::Key("own mount")));
  EXPECT_THAT(Problems(ran), Contains(::testing::Key("login")));
  EXPECT_THAT(Problems(ran), Contains(::testing::Key("operator policy")));
}

TEST_F(VaultSetupTest, DoctorSeesAnAudienceThatDoesNotFit) {
  ASSERT_EQ(Prepare().code, kExitYes);
  Configure("another");
  WriteToken("op", "claviger-operator");
  const auto problems =
      Problems(Vault("doctor", {"--operator-token-file",
                                directory() + "/sa.token", "-o", "json"}));
  EXPECT_THAT(problems, Contains(::testing::Key("operator audience")));
  EXPECT_THAT(problems,
              Contains(Pair("operator token",
                            HasSubstr("not for the audience another"))));
  Configure("side");
  EXPECT_THAT(Problems(Vault("doctor", {"-o", "json"})),
              Contains(Pair("audiences", HasSubstr("the same audience"))));
}

TEST_F(VaultSetupTest, DoctorSeesMissingRights) {
  ASSERT_EQ(Prepare().code, kExitYes);
  ASSERT_TRUE(vault::WritePolicy(api(), root(), "claviger.test.operator",
                                 R"({"path":{"sys/policies/acl/x":
                                     {"capabilities":["read"]},
                                     "auth/token/revoke-self":
                                     {"capabilities":["update"]}}})"));
  WriteToken("op", "claviger-operator");
  const auto problems =
      Problems(Vault("doctor", {"--operator-token-file",
                                directory() + "/sa.token", "-o", "json"}));
  EXPECT_THAT(problems, Contains(::testing::Key("operator policy")));
  EXPECT_THAT(problems, Contains(::testing::Key("operator rights")));
}

TEST_F(VaultSetupTest, DoctorSeesAnAccountThatTheRoleIsNotFor) {
  ASSERT_EQ(Prepare().code, kExitYes);
  WriteToken("op", "somebody");
  const auto problems =
      Problems(Vault("doctor", {"--operator", "claviger-system/somebody",
                                "--operator-token-file",
                                directory() + "/sa.token", "-o", "json"}));
  EXPECT_THAT(problems, Contains(::testing::Key("operator role")));
  EXPECT_THAT(problems, Contains(::testing::Key("operator login")));
}

TEST_F(VaultSetupTest, DoctorSeesMountsThatAreNotWhatTheConfigurationSays) {
  ASSERT_EQ(Prepare().code, kExitYes);
  Write("operator.conf",
        "cluster: test\nvault: {address: \"" + vault_->address() +
            "\", mounts: [{mount: secret, engine: kv1, allow: [\"+\"]}, "
            "{mount: nowhere, engine: database, allow: [\"+\"]}]}\n"
            "audiences: {sidecar: side, operator: op}\n");
  const auto problems = Problems(Vault("doctor", {"-o", "json"}));
  EXPECT_THAT(problems, Contains(Pair("mount secret", HasSubstr("kv1"))));
  EXPECT_THAT(problems,
              Contains(Pair("mount nowhere", HasSubstr("nothing is mounted"))));
}

TEST_F(VaultSetupTest, DoctorSeesClocksThatDiffer) {
  ASSERT_EQ(Prepare().code, kExitYes);
  EXPECT_THAT(Vault("doctor").out, HasSubstr("agree"));
  clock_.Advance(std::chrono::minutes(5));
  EXPECT_THAT(Problems(Vault("doctor", {"-o", "json"})),
              Contains(Pair("clock", HasSubstr("300 s behind"))));
}

TEST_F(VaultSetupTest, DoctorSeesATokenThatIsRefused) {
  Write("token", "s.nonsense");
  const Ran ran = Vault("doctor", {"-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(Problems(ran), Contains(::testing::Key("token")));
}

TEST_F(VaultSetupTest, DoctorSaysWhatItCouldNotLookAtWithoutAToken) {
  const Ran ran = Run({"vault", "doctor", "--config",
                       directory() + "/operator.conf", "-o", "json"});
  EXPECT_EQ(ran.code, kExitYes) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("give an administrator's token"));
}

TEST_F(VaultSetupTest, DoctorSeesAVaultThatIsNotThere) {
  Write("operator.conf",
        "cluster: test\nvault: {address: \"http://127.0.0.1:1\", mounts: []}\n"
        "audiences: {sidecar: side, operator: op}\n");
  const Ran ran = Vault("doctor", {"-o", "json"});
  EXPECT_EQ(ran.code, kExitNo);
  EXPECT_THAT(Problems(ran), Contains(::testing::Key("address")));
}

}  // namespace
}  // namespace claviger::cli

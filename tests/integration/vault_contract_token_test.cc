// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "integration/vault_contract.h"
#include "vault/policy.h"

namespace claviger::testing {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using vault::Login;
using vault::LoginWithToken;
using vault::RenewSelf;
using vault::RevokeSelf;
using vault::Verb;

class VaultTokenContractTest : public VaultContractTest {
 protected:
  std::string SelfService() {
    return NewPolicy({{"auth/token/lookup-self", {"read"}},
                      {"auth/token/renew-self", {"update"}},
                      {"auth/token/revoke-self", {"update"}},
                      {"auth/token/create", {"update"}}});
  }

  // A token made by `parent` as `wish` says.
  Secret Create(const Secret& parent, const nlohmann::json& wish) {
    const auto answer =
        Do(parent, Verb::kWrite, "auth/token/create", wish.dump());
    if (!answer) {
      ADD_FAILURE() << answer.error().message;
      return Secret();
    }
    return Secret(nlohmann::json::parse(answer->body)["auth"]["client_token"]
                      .get<std::string>());
  }

  std::string Alive(const Secret& token) {
    return CodeOf(LoginWithToken(api(), token.Clone()));
  }
};

TEST_F(VaultTokenContractTest, TellsATokenAboutItself) {
  const std::string policy = SelfService();
  const Secret token = Create(
      root(),
      {{"policies", {policy}}, {"no_default_policy", true}, {"ttl", "1h"}});
  const auto login = LoginWithToken(api(), token.Clone());
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_TRUE(login->token.Equals(token.Reveal()));
  EXPECT_THAT(login->policies, ElementsAre(policy));
  EXPECT_FALSE(login->accessor.empty());
  EXPECT_TRUE(login->renewable);
  EXPECT_GT(login->lease_duration, seconds(3'500));
  EXPECT_LE(login->lease_duration, seconds(3'600));
}

TEST_F(VaultTokenContractTest, GivesTheRootTokenNoEnd) {
  const auto login = LoginWithToken(api(), root().Clone());
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_THAT(login->policies, ElementsAre("root"));
  EXPECT_EQ(login->lease_duration, seconds(0));
  EXPECT_FALSE(login->renewable);
}

TEST_F(VaultTokenContractTest, AddsTheDefaultPolicyUnlessToldOtherwise) {
  const auto login = LoginWithToken(
      api(), Create(root(), {{"policies", {SelfService()}}, {"ttl", "1h"}}));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_THAT(login->policies, Contains("default"));
}

TEST_F(VaultTokenContractTest, RenewsForWhatIsAsked) {
  const Secret token =
      Create(root(), {{"policies", {SelfService()}}, {"ttl", "1h"}});
  const auto renewed = RenewSelf(api(), token, seconds(7'200));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_TRUE(renewed->token.Equals(token.Reveal()));
  EXPECT_EQ(renewed->lease_duration, seconds(7'200));
  EXPECT_TRUE(renewed->renewable);
  const auto login = LoginWithToken(api(), token.Clone());
  EXPECT_GT(login->lease_duration, seconds(7'100));
}

TEST_F(VaultTokenContractTest, RenewsNotPastTheExplicitEnd) {
  const Secret token = Create(root(), {{"policies", {SelfService()}},
                                       {"ttl", "10m"},
                                       {"explicit_max_ttl", "20m"}});
  const auto renewed = RenewSelf(api(), token, seconds(7'200));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_LE(renewed->lease_duration, seconds(1'200));
  EXPECT_GT(renewed->lease_duration, seconds(1'100));
}

TEST_F(VaultTokenContractTest, EndsATokenThatRevokesItself) {
  const Secret token =
      Create(root(), {{"policies", {SelfService()}}, {"ttl", "1h"}});
  EXPECT_EQ(Alive(token), "ok");
  EXPECT_TRUE(RevokeSelf(api(), token));
  EXPECT_EQ(Alive(token), "permission_denied");
  EXPECT_EQ(CodeOf(RevokeSelf(api(), token)), "permission_denied");
}

TEST_F(VaultTokenContractTest, EndsATokenByItsAccessor) {
  const Secret token =
      Create(root(), {{"policies", {SelfService()}}, {"ttl", "1h"}});
  const auto login = LoginWithToken(api(), token.Clone());
  ASSERT_TRUE(login);
  const std::string body = nlohmann::json{{"accessor", login->accessor}}.dump();
  EXPECT_EQ(Outcome(root(), Verb::kWrite, "auth/token/revoke-accessor", body),
            "ok");
  EXPECT_EQ(Alive(token), "permission_denied");
}

TEST_F(VaultTokenContractTest, EndsChildrenWithTheirParent) {
  const std::string policy = SelfService();
  const nlohmann::json wish{{"policies", {policy}}, {"ttl", "1h"}};
  const Secret parent = Create(root(), wish);
  const Secret child = Create(parent, wish);
  EXPECT_EQ(Alive(child), "ok");
  EXPECT_TRUE(RevokeSelf(api(), parent));
  EXPECT_EQ(Alive(child), "permission_denied");
}

TEST_F(VaultTokenContractTest, LetsAChildHaveNoMoreThanItsParent) {
  const Secret parent =
      Create(root(), {{"policies", {SelfService()}}, {"ttl", "1h"}});
  const std::string more = NewPolicy({{"s/a", {"read"}}});
  EXPECT_NE(Outcome(parent, Verb::kWrite, "auth/token/create",
                    nlohmann::json{{"policies", {more}}}.dump()),
            "ok");
  EXPECT_NE(Outcome(parent, Verb::kWrite, "auth/token/create",
                    R"({"policies":["root"]})"),
            "ok");
}

TEST_F(VaultTokenContractTest, LeavesAChildNothingWhenItsPolicyIsRemoved) {
  const std::string policy = SelfService();
  const Secret child = Create(
      root(),
      {{"policies", {policy}}, {"no_default_policy", true}, {"ttl", "1h"}});
  EXPECT_EQ(Alive(child), "ok");
  ASSERT_TRUE(vault::DeletePolicy(api(), root(), policy));
  EXPECT_EQ(Alive(child), "permission_denied");
}

}  // namespace
}  // namespace claviger::testing

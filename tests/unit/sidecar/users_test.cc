// SPDX-License-Identifier: Apache-2.0
//
// Calls as an end user, by X-Claviger-User-Token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sidecar/session/user_token.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() {
    // Only alice is named by an object; bob is in fin by a claim.
    h.Publish(TwoUsers(), true);
    h.Begin();
  }

  static model::Objects TwoUsers() {
    AConnection alices("sales/alices");
    alices.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
    AConnection fins("sales/fins");
    fins.Shared(model::SharingMode::kGroups, {"fin"})
        .Disclosable()
        .WithDefault(Kv2("secret", "sales/warehouse"));
    AConnection all("sales/all");
    all.Shared(model::SharingMode::kOrganization)
        .Disclosable()
        .WithDefault(Kv2("secret", "sales/warehouse"));
    return ObjectsOf({alices, fins, all},
                     {AGrant("sales/a", "alices")
                          .To(User("alice"))
                          .Allowing({Privilege::kUse})},
                     {AGroup("fin").Claiming("groups", "fin-team")});
  }

  Headers As(const std::string& jwt) {
    return {{"X-Claviger-User-Token", jwt}};
  }
  std::string Token(const std::string& user, json groups = json::array(),
                    minutes life = minutes(60)) {
    const auto exp = std::chrono::duration_cast<seconds>(
        (h.clock.Now() + life).time_since_epoch());
    return JwtOf({{"sub", user}, {"groups", groups}, {"exp", exp.count()}});
  }
  std::string OutcomeFor(const std::string& jwt,
                         const std::string& connection) {
    const auto answer =
        h.Get("/v1/connections/" + connection + "/explain", As(jwt));
    return answer->Json().value("reason", "?");
  }

  Harness h;
};

TEST_F(UsersTest, DecidesAsTheUserByItsOwnDocuments) {
  const std::string alice = Token("alice");
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
  EXPECT_EQ(OutcomeFor(alice, "sales/fins"), "NotVisible");
  EXPECT_EQ(OutcomeFor(alice, "sales/all"), "Allowed");
  EXPECT_EQ(h.Get("/v1/connections", As(alice))->Json()["caller"],
            "user/alice");
}

TEST_F(UsersTest, WhomNoObjectNamesIsAnyone) {
  const std::string bob = Token("bob");
  EXPECT_EQ(OutcomeFor(bob, "sales/alices"), "NotVisible");
  EXPECT_EQ(OutcomeFor(bob, "sales/all"), "Allowed");
}

TEST_F(UsersTest, GroupsOfTheTokenCount) {
  const std::string bob = Token("bob", {"fin-team", "other"});
  EXPECT_EQ(OutcomeFor(bob, "sales/fins"), "Allowed");
  EXPECT_EQ(OutcomeFor(bob, "sales/alices"), "NotVisible");
}

TEST_F(UsersTest, ThePodsOwnCallsStayItsOwn) {
  EXPECT_EQ(OutcomeFor(Token("alice"), "sales/alices"), "Allowed");
  EXPECT_EQ(h.Get("/v1/connections/sales/alices")->status(), 404);
}

TEST_F(UsersTest, CredentialsAreRefusedWithTheReason) {
  const auto answer =
      h.Get("/v1/connections/sales/alices/credential", As(Token("alice")));
  EXPECT_EQ(answer->status(), 424);
  EXPECT_EQ(answer->Reason(), "VaultDenied");
  EXPECT_THAT(answer->body(), HasSubstr("carrier"));
  EXPECT_EQ(h.vault.reads("secret/data/sales/warehouse"), 0);
  // Where the decision is no, that is the answer.
  EXPECT_EQ(h.Get("/v1/connections/sales/fins/credential", As(Token("alice")))
                ->Reason(),
            "NotVisible");
}

TEST_F(UsersTest, VaultsRefusalOfTheTokenIs401AndNotRepeatedAtOnce) {
  const std::string bad = Token("mallory");
  h.vault.RefuseJwt(bad);
  const auto answer = h.Get("/v1/connections", As(bad));
  EXPECT_EQ(answer->status(), 401);
  EXPECT_EQ(answer->Reason(), "InvalidUserToken");
  const int logins = h.vault.logins();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(h.Get("/v1/connections", As(bad))->status(), 401);
  }
  EXPECT_EQ(h.vault.logins(), logins);
  EXPECT_THAT(h.Said(), Not(HasSubstr(bad)));
}

TEST_F(UsersTest, WhatIsNoTokenNeverReachesVault) {
  const int calls = h.vault.calls();
  for (const std::string& text :
       {std::string(), std::string("abc"), std::string("a.b.c"),
        std::string("a.!!.c"), JwtOf(json::array()), JwtOf({{"sub", 7}}),
        JwtOf({{"name", "alice"}}), JwtOf({{"sub", "a*"}}),
        JwtOf({{"sub", ""}}), JwtOf({{"sub", std::string(300, 'a')}}),
        JwtOf({{"sub", "a"}, {"x", std::string(20'000, 'a')}})}) {
    const auto answer = h.Get("/v1/connections", As(text));
    EXPECT_EQ(answer->status(), 401) << text.substr(0, 80);
  }
  EXPECT_EQ(h.vault.calls(), calls);
}

TEST_F(UsersTest, ExpiredTokensNeverReachVault) {
  const std::string old = Token("alice", json::array(), minutes(-1));
  const int calls = h.vault.calls();
  EXPECT_EQ(h.Get("/v1/connections", As(old))->status(), 401);
  EXPECT_EQ(h.vault.calls(), calls);
}

TEST_F(UsersTest, SessionIsUsedAgainAndEndsWithTheToken) {
  const std::string alice = Token("alice", json::array(), minutes(2));
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
  const int logins = h.vault.logins();
  for (int i = 0; i < 10; ++i) OutcomeFor(alice, "sales/alices");
  EXPECT_EQ(h.vault.logins(), logins);
  h.Advance(minutes(3));
  EXPECT_EQ(h.Get("/v1/connections", As(alice))->status(), 401);
  h.Advance(minutes(1));
  EXPECT_EQ(h.vault.live_tokens(), 1U);  // the pod's own
}

TEST_F(UsersTest, SessionLivesFiveMinutesAtMost) {
  const std::string alice = Token("alice");
  OutcomeFor(alice, "sales/alices");
  h.Advance(minutes(6));
  EXPECT_EQ(h.vault.live_tokens(), 1U);
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
}

TEST_F(UsersTest, ChangesAreSeenWithinTheIntervalOfBindings) {
  const std::string alice = Token("alice");
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
  model::Objects objects = TwoUsers();
  objects.grants = {AGrant("sales/a", "alices")
                        .To(User("alice"))
                        .Allowing({Privilege::kView})};
  h.Publish(std::move(objects), true);
  h.Advance(seconds(6));
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Forbidden");
}

TEST_F(UsersTest, ADenyThatNamesTheUserForTheFirstTimeCounts) {
  const std::string bob = Token("bob", {"fin-team"});
  EXPECT_EQ(OutcomeFor(bob, "sales/fins"), "Allowed");
  model::Objects objects = TwoUsers();
  objects.grants.push_back(
      AGrant("sales/d", "fins").To(User("bob")).Denying({Privilege::kUse}));
  h.Publish(std::move(objects), true);
  h.Advance(seconds(6));
  EXPECT_EQ(OutcomeFor(bob, "sales/fins"), "Denied");
}

TEST_F(UsersTest, AGroupThatCannotBeOpenedIsNotLeftOut) {
  h.vault.RemoveRole("claviger.test.claim.fin");
  const auto answer = h.Get("/v1/connections", As(Token("bob", {"fin-team"})));
  EXPECT_EQ(answer->status(), 503);
  EXPECT_EQ(answer->Reason(), "BackendUnavailable");
}

TEST_F(UsersTest, KnownUsersAreAnsweredWhileVaultIsAway) {
  const std::string alice = Token("alice");
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
  h.vault.FailWith(ErrorCode::kUnavailable);
  h.Advance(minutes(2));
  EXPECT_EQ(OutcomeFor(alice, "sales/alices"), "Allowed");
  EXPECT_EQ(h.Get("/v1/connections", As(Token("bob")))->status(), 503);
}

TEST_F(UsersTest, ManyUsersAreBounded) {
  int limited = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto answer =
        h.Get("/v1/connections", As(Token("user" + std::to_string(i))));
    limited += answer->status() == 429 ? 1 : 0;
    if (i % 10 == 0) h.Advance(std::chrono::milliseconds(500));
  }
  EXPECT_GT(limited, 500);
  EXPECT_LE(h.vault.live_tokens(), 257U);
}

TEST_F(UsersTest, ConcurrentCallsOfOneUserLogInOnce) {
  const std::string bob = Token("bob");
  const int logins = h.vault.logins();
  std::vector<std::shared_ptr<KeptAnswer>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(h.AskOnly("GET", "/v1/connections", As(bob)));
  }
  h.Work();
  for (const auto& answer : answers) EXPECT_EQ(answer->status(), 200);
  EXPECT_EQ(h.vault.logins() - logins, 2);  // user.<bob> is not there
}

TEST_F(UsersTest, MayNotWatch) {
  EXPECT_EQ(h.Get("/v1/watch", As(Token("alice")))->status(), 400);
}

TEST_F(UsersTest, CachePartitionTellsUsersApart) {
  const auto partition = [&](const std::string& user) {
    return h.Get("/v1/connections/sales/all", As(Token(user)))
        ->Json()["cachePartition"]
        .get<std::string>();
  };
  EXPECT_NE(partition("alice"), partition("bob"));
}

TEST_F(UsersTest, EndRevokesTheirLogins) {
  OutcomeFor(Token("bob", {"fin-team"}), "sales/fins");
  EXPECT_EQ(h.vault.live_tokens(), 3U);
  h.core.End();
  EXPECT_EQ(h.vault.live_tokens(), 0U);
}

TEST(NoUsersTest, WithoutAMountForThemIsSaidSo) {
  sidecar::Settings settings = Harness::DefaultSettings();
  settings.vault.user_auth_mount.clear();
  Harness h(settings);
  h.Publish(ObjectsOf({Warehouse()}));
  h.Begin();
  const auto answer = h.Get("/v1/connections",
                            {{"X-Claviger-User-Token", JwtOf({{"sub", "a"}})}});
  EXPECT_EQ(answer->status(), 501);
  EXPECT_EQ(answer->Reason(), "UserLoginUnsupported");
}

TEST(UserTokenTest, TakesTextsAndListsOfTextsAsClaims) {
  const auto token =
      sidecar::PeekUserToken(JwtOf({{"email", "a@b"},
                                    {"groups", {"x", 1, "y", {{"z", 1}}}},
                                    {"n", 5},
                                    {"exp", 1'767'225'600}}),
                             "email");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->user, "a@b");
  EXPECT_EQ(token->claims.at("groups"), (std::vector<std::string>{"x", "y"}));
  EXPECT_FALSE(token->claims.contains("n"));
  EXPECT_EQ(token->expires_at, Time(seconds(1'767'225'600)));
}

TEST(UserTokenTest, AnExpiryBeyondAllTimeIsBounded) {
  for (const json& exp : {json(1e300), json(int64_t{1} << 62), json(-5)}) {
    const auto token =
        sidecar::PeekUserToken(JwtOf({{"sub", "a"}, {"exp", exp}}), "sub");
    ASSERT_TRUE(token);
    EXPECT_LE(token->expires_at, Time(seconds(253'402'300'799)));
  }
}

}  // namespace
}  // namespace claviger::testing

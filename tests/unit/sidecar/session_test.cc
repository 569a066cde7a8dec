// SPDX-License-Identifier: Apache-2.0
//
// The pod's login and its bindings, seen from the local API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kOwn = "claviger/data/test/bindings/sa.reports.nightly";

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    vault.PutSecret("secret/sales/warehouse",
                    R"({"username":"app","password":"pw-1"})");
    h.Publish(ObjectsOf({Warehouse()}));
  }

  std::string ReasonNow() {
    const auto answer = h.Credential("sales/warehouse");
    return answer->status() == 200 ? "served" : answer->Reason();
  }
  void Pass(hours time) {
    for (auto t = minutes(0); t < time; t += minutes(1)) h.Advance(minutes(1));
  }

  Harness h;
  PlayedVault& vault = h.vault;
};

TEST_F(SessionTest, LogsInOnceAndRenewsAfterwards) {
  h.Begin();
  Pass(hours(20));
  EXPECT_EQ(vault.logins(), 1);
  // Each hour's lease is renewed at 65 % with this Random.
  EXPECT_GE(vault.renewals(), 28);
  EXPECT_LE(vault.renewals(), 34);
  EXPECT_EQ(ReasonNow(), "served");
}

TEST_F(SessionTest, LogsInAnewBeforeTheLongestLifeEnds) {
  h.Begin();
  for (auto t = minutes(0); t < hours(72); t += minutes(1)) {
    h.Advance(minutes(1));
    ASSERT_EQ(ReasonNow(), "served") << "after " << t.count() << " minutes";
  }
  EXPECT_GE(vault.logins(), 3);
  EXPECT_LE(vault.logins(), 5);
}

TEST_F(SessionTest, KeepsAValidTokenWhenRenewalsFail) {
  h.Begin();
  ASSERT_EQ(ReasonNow(), "served");
  vault.FailPath("auth/token/renew-self", ErrorCode::kUnavailable);
  vault.FailPath("auth/claviger/login", ErrorCode::kUnavailable);
  h.Advance(minutes(45));
  h.Advance(minutes(5));
  EXPECT_EQ(vault.logins(), 1);
  EXPECT_EQ(ReasonNow(), "served");
  vault.FailPath("auth/token/renew-self", std::nullopt);
  h.Advance(minutes(2));
  EXPECT_EQ(vault.renewals(), 1);
}

TEST_F(SessionTest, AnswersStartingUntilVaultIsThere) {
  vault.FailWith(ErrorCode::kUnavailable);
  h.Begin();
  const auto answer = h.Get("/v1/connections");
  EXPECT_EQ(answer->status(), 503);
  EXPECT_EQ(answer->Reason(), "Starting");
  EXPECT_EQ(h.Health("/readyz").status, 503);
  EXPECT_EQ(h.Health("/healthz").status, 200);
  vault.FailWith(std::nullopt);
  h.Advance(minutes(1));
  EXPECT_EQ(ReasonNow(), "served");
  EXPECT_EQ(h.Health("/readyz").status, 200);
}

TEST_F(SessionTest, SaysThatVaultRefusesTheLogin) {
  vault.RemoveRole(kPodRole);
  h.Begin();
  EXPECT_EQ(ReasonNow(), "LoginRefused");
  EXPECT_THAT(h.Health("/readyz").body, HasSubstr("LoginRefused"));
  const int before = vault.logins();
  h.Advance(minutes(10));
  Pass(hours(1));
  // Backed off: about one a minute at the cap.
  EXPECT_LE(vault.logins() - before, 200);
  h.Publish(ObjectsOf({Warehouse()}));
  h.Advance(minutes(2));
  EXPECT_EQ(ReasonNow(), "served");
}

TEST_F(SessionTest, WithoutATokenToLogInWithStartsLater) {
  h.jwt_missing = true;
  h.Begin();
  EXPECT_EQ(ReasonNow(), "Starting");
  EXPECT_EQ(vault.logins(), 0);
  h.jwt_missing = false;
  h.Advance(minutes(2));
  EXPECT_EQ(ReasonNow(), "served");
}

TEST_F(SessionTest, DropsEverythingWhenRoleAndPolicyAreGone) {
  h.Begin();
  ASSERT_EQ(ReasonNow(), "served");
  vault.RemoveRole(kPodRole);
  vault.RemovePolicy(kPodRole);
  vault.RemovePolicy("claviger.test.everyone.sa");
  h.NextCheck();
  EXPECT_EQ(ReasonNow(), "NotVisible");
  EXPECT_EQ(h.Get("/v1/connections")->Json()["connections"].size(), 0U);
  h.Publish(ObjectsOf({Warehouse()}));
  h.Advance(minutes(2));
  EXPECT_EQ(ReasonNow(), "served");
}

TEST_F(SessionTest, ATokenRevokedInVaultCostsOneLogin) {
  h.Begin();
  vault.RevokeAllTokens();
  h.NextCheck();
  EXPECT_EQ(vault.logins(), 2);
  EXPECT_EQ(ReasonNow(), "served");
}

TEST_F(SessionTest, ALoginWithoutItsPolicyIsNotRepeatedInALoop) {
  AConnection own("sales/own");
  own.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
  h.Publish(
      ObjectsOf({Warehouse(), own}, {AGrant("sales/g", "own")
                                         .To(Account("reports/nightly"))
                                         .Allowing({model::Privilege::kUse})}));
  h.Begin();
  ASSERT_EQ(h.Credential("sales/own")->status(), 200);
  vault.RemovePolicy(kPodRole);
  h.NextCheck();
  EXPECT_EQ(h.Credential("sales/own")->Reason(), "NotVisible");
  // What everyone may use does not hang on its own policy.
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
  Pass(hours(1));
  EXPECT_LE(vault.logins(), 40);
}

TEST_F(SessionTest, KeepsTheLastGoodBindingsWhileVaultIsAway) {
  h.Begin();
  ASSERT_EQ(ReasonNow(), "served");
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kSealed, ErrorCode::kRateLimited,
        ErrorCode::kDeadlineExceeded, ErrorCode::kMalformed,
        ErrorCode::kTooLarge, ErrorCode::kRedirected}) {
    vault.FailWith(code);
    h.Advance(minutes(10));
    EXPECT_EQ(ReasonNow(), "served") << ToString(code);
    EXPECT_EQ(h.Health("/readyz").status, 200);
  }
}

TEST_F(SessionTest, AsksAVaultThatIsAwayLessAndLess) {
  h.Begin();
  vault.FailWith(ErrorCode::kUnavailable);
  h.Advance(minutes(5));
  const int before = vault.calls();
  for (int i = 0; i < 600; ++i) h.Advance(seconds(1));
  EXPECT_LE(vault.calls() - before, 120);
}

TEST_F(SessionTest, GenerationGrowsEvenWhenVersionsBeginAgain) {
  h.Begin();
  const auto generation = [&] {
    return h.Get("/v1/connections")->Json()["generation"].get<int64_t>();
  };
  int64_t last = generation();
  for (int i = 0; i < 5; ++i) {
    h.Publish(ObjectsOf({Warehouse().ServerSideOnly(i % 2 == 0)}));
    if (i == 3)
      vault.RemoveSecret(std::string("claviger/") + "test/bindings/" +
                         "everyone.sa");
    h.NextCheck();
    EXPECT_GT(generation(), last);
    last = generation();
  }
}

TEST_F(SessionTest, ReadsADocumentOfManyParts) {
  std::vector<model::Connection> connections;
  for (int i = 0; i < 60; ++i) {
    model::Connection one = AConnection("sales/c" + std::to_string(i))
                                .Disclosable()
                                .WithOwner(Account("reports/nightly"))
                                .WithDefault(Kv2("secret", "sales/warehouse"));
    one.endpoint.tls.ca_bundle = std::string(16'000, 'a');
    connections.push_back(std::move(one));
  }
  h.Publish(ObjectsOf(connections));
  h.Begin();
  const std::string second = std::string(kOwn) + "/1";
  EXPECT_EQ(vault.reads(second), 1);
  EXPECT_EQ(h.Get("/v1/connections")->Json()["connections"].size(), 60U);

  // The first part tells whether any has changed.
  for (int i = 0; i < 5; ++i) h.NextCheck();
  EXPECT_EQ(vault.reads(second), 1);
  connections.back().endpoint.host = "moved.corp";
  h.Publish(ObjectsOf(connections));
  h.NextCheck();
  EXPECT_EQ(vault.reads(second), 2);
  EXPECT_EQ(h.Get("/v1/connections/sales/c59")->Json()["endpoint"]["host"],
            "moved.corp");
}

TEST_F(SessionTest, RefusesADocumentThatIsNotForThisCluster) {
  h.Begin();
  vault.PutSecret("claviger/test/bindings/sa.reports.nightly",
                  R"({"stamp":{"by":"claviger","cluster":"other","format":1},)"
                  R"("ledger":{"policy":"","role":"","auth_mount":"",)"
                  R"("document":"","parts":1},"part":{}})");
  h.NextCheck();
  EXPECT_EQ(ReasonNow(), "served");  // by the last good one
  EXPECT_TRUE(h.log.Has("bindings not read"));
}

TEST_F(SessionTest, RefusesGarbageInPlaceOfADocument) {
  h.Begin();
  for (const char* garbage :
       {"{}", R"({"stamp":1})", R"({"part":"x"})", R"({"a":[[[[[]]]]]})"}) {
    vault.PutSecret("claviger/test/bindings/sa.reports.nightly", garbage);
    h.NextCheck();
    EXPECT_EQ(ReasonNow(), "served");
  }
}

TEST_F(SessionTest, RevokesItsTokenAtTheEnd) {
  h.Begin();
  EXPECT_EQ(vault.live_tokens(), 1U);
  h.core.End();
  EXPECT_EQ(vault.live_tokens(), 0U);
  EXPECT_EQ(vault.revocations(), 1);
}

}  // namespace
}  // namespace claviger::testing

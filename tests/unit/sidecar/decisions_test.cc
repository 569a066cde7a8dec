// SPDX-License-Identifier: Apache-2.0
//
// What the decision log says about who was given what, and who was refused;
// and that the answers name the same decisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class DecisionsTest : public ::testing::Test {
 protected:
  DecisionsTest() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"canary-5f3a"})");
    AConnection gated("sales/gated");
    gated.Shared(model::SharingMode::kOrganization)
        .Disclosable()
        .ForWorkload("elsewhere")
        .WithDefault(Kv2("secret", "sales/gated"));
    h.Publish(ObjectsOf({Warehouse(), gated}), true);
    h.Begin();
  }
  std::string AliceToken() const {
    const auto exp = std::chrono::duration_cast<std::chrono::seconds>(
        (h.clock.Now() + std::chrono::hours(1)).time_since_epoch());
    return JwtOf({{"sub", "alice"}, {"exp", exp.count()}});
  }
  std::string LastId() { return h.decisions.Last()["decisionId"]; }
  Harness h;
};

TEST_F(DecisionsTest, SaysWhoWasGivenWhichSlotByWhichReadOfVault) {
  const auto answer = h.Credential("sales/warehouse");
  ASSERT_THAT(h.decisions.lines, SizeIs(1));
  const nlohmann::json line = h.decisions.Last();
  EXPECT_EQ(line["kind"], "credential");
  EXPECT_EQ(line["principal"], "sa/reports/nightly");
  EXPECT_EQ(line["connection"], "sales/warehouse");
  EXPECT_EQ(line["slot"], "default");
  EXPECT_EQ(line["delivery"], "disclose");
  EXPECT_EQ(line["outcome"], "Allow");
  EXPECT_EQ(line["reason"], "Allowed");
  EXPECT_EQ(line["generation"], answer->Json()["generation"]);
  EXPECT_EQ(line["vaultRequestId"], h.vault.LastRequestId());
  EXPECT_EQ(line["count"], 1);
  EXPECT_FALSE(line.contains("user"));
  EXPECT_EQ(line["decisionId"], answer->Json()["decisionId"]);
  EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(DecisionsTest, RepeatedReadsShareTheDecisionAndAreCounted) {
  const auto first = h.Credential("sales/warehouse");
  for (int i = 0; i < 41; ++i) {
    EXPECT_EQ(h.Credential("sales/warehouse")->Json()["decisionId"],
              first->Json()["decisionId"]);
  }
  EXPECT_THAT(h.decisions.lines, SizeIs(1));
  h.Advance(std::chrono::seconds(61));
  ASSERT_THAT(h.decisions.lines, SizeIs(2));
  EXPECT_EQ(h.decisions.Last()["count"], 41);
  EXPECT_EQ(LastId(), first->Json()["decisionId"]);
  h.Advance(std::chrono::seconds(300));
  EXPECT_THAT(h.decisions.lines, SizeIs(2));  // nothing more to tell
}

TEST_F(DecisionsTest, AnotherReadOfVaultIsAnotherDecision) {
  const auto first = h.Credential("sales/warehouse");
  const std::string read = h.decisions.Last()["vaultRequestId"];
  h.vault.PutSecret("secret/sales/warehouse",
                    R"({"username":"app","password":"canary-5f3a-2"})");
  h.Post("/v1/connections/sales/warehouse/report-failed");
  EXPECT_EQ(h.decisions.Last()["kind"], "report");
  const auto second = h.Credential("sales/warehouse");
  EXPECT_NE(LastId(), first->Json()["decisionId"]);
  EXPECT_EQ(LastId(), second->Json()["decisionId"]);
  EXPECT_NE(h.decisions.Last()["vaultRequestId"], read);
}

TEST_F(DecisionsTest, SaysForWhomACallIsMadeAndWhatItsAnswerMayNotTell) {
  const auto answer = h.Get("/v1/connections/sales/gated/credential",
                            {{"X-Claviger-User-Token", AliceToken()}});
  EXPECT_EQ(answer->status(), 404);
  EXPECT_THAT(answer->body(), Not(HasSubstr("orkload")));
  const nlohmann::json line = h.decisions.Last();
  EXPECT_EQ(line["user"], "alice");
  EXPECT_EQ(line["principal"], "sa/reports/nightly");
  EXPECT_EQ(line["outcome"], "Deny");
  EXPECT_EQ(line["reason"], "NotVisible");
  EXPECT_THAT(line["why"], HasSubstr("WorkloadNotAllowed"));
  EXPECT_EQ(line["decisionId"], answer->Json()["decisionId"]);
}

TEST_F(DecisionsTest, WhatIsAllowedButNotToBeHadFails) {
  h.Publish(ObjectsOf({AConnection("sales/empty")
                           .Shared(model::SharingMode::kOrganization)
                           .Disclosable()
                           .WithDefault(Kv2("secret", "sales/empty"))}));
  h.NextCheck();
  const auto answer = h.Credential("sales/empty");
  EXPECT_EQ(answer->Reason(), "SecretMissing");
  EXPECT_EQ(h.decisions.Last()["outcome"], "Fail");
  EXPECT_EQ(h.decisions.Last()["reason"], "SecretMissing");
  EXPECT_EQ(h.decisions.Last()["slot"], "default");
  EXPECT_EQ(LastId(), answer->Json()["decisionId"]);
}

TEST_F(DecisionsTest, DoesNotRepeatWhatIsNoName) {
  h.Get("/v1/connections/sales/evil%0Aline/credential");
  EXPECT_EQ(h.decisions.Last()["connection"], "(no name)");
  EXPECT_THAT(h.Said(), Not(HasSubstr("evil")));
}

TEST_F(DecisionsTest, RequestsThatNothingWasDecidedOnAreNone) {
  h.Get("/v1/connections/sales/warehouse/credential?x=1");
  h.Get("/v1/connections");
  h.Get("/v1/connections/sales/warehouse/explain");
  EXPECT_THAT(h.decisions.lines, SizeIs(0));
}

TEST_F(DecisionsTest, TwoUsersInOneCallAreRefused) {
  const auto answer =
      h.Get("/v1/connections",
            {{"X-Claviger-User-Token", "a"}, {"x-claviger-user-token", "b"}});
  EXPECT_EQ(answer->status(), 400);
  EXPECT_EQ(answer->Reason(), "InvalidRequest");
}

}  // namespace
}  // namespace claviger::testing

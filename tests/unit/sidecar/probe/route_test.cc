// SPDX-License-Identifier: Apache-2.0
//
// POST .../test: who may, with which credential, what the answer tells, and
// that it tells no secret.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"
#include "unit/sidecar/probe/played_probe.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace probe = sidecar::probe;

constexpr const char* kTest = "/v1/connections/sales/warehouse/test";

class ProbeRouteTest : public ::testing::Test {
 protected:
  ProbeRouteTest() {
    h.core.SetProbe(played);
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"canary-5f3a"})");
    h.Publish(ObjectsOf({Warehouse()}), true);
    h.Begin();
    played.report.server = "dw.corp:5432";
    played.report.steps = {{probe::Step::kName},
                           {probe::Step::kAddress, probe::Ended::kOk,
                            std::chrono::milliseconds(0), "10.0.0.1"}};
  }

  void Fail(probe::Step step) {
    played.report.steps.push_back(
        {step, probe::Ended::kFailed, std::chrono::milliseconds(7)});
    played.report.fault =
        probe::Fault{"UpstreamUntrusted", "not trusted", "trust it"};
  }

  PlayedProbe played;
  Harness h;
};

TEST_F(ProbeRouteTest, TellsHowFarOneComes) {
  const auto answer = h.Post(kTest);
  EXPECT_EQ(answer->status(), 200);
  const nlohmann::json body = answer->Json();
  EXPECT_EQ(body["connection"], "sales/warehouse");
  EXPECT_EQ(body["slot"], "default");
  EXPECT_EQ(body["outcome"], "ok");
  EXPECT_EQ(body["server"], "dw.corp:5432");
  EXPECT_FALSE(body.contains("step"));
  ASSERT_THAT(body["steps"], SizeIs(3));
  EXPECT_EQ(body["steps"][0]["step"], "credential");
  EXPECT_EQ(body["steps"][0]["outcome"], "ok");
  EXPECT_EQ(body["steps"][2]["note"], "10.0.0.1");
  EXPECT_TRUE(body["steps"][1]["milliseconds"].is_number());
  ASSERT_THAT(h.decisions.lines, SizeIs(1));
  const nlohmann::json line = h.decisions.Last();
  EXPECT_EQ(line["kind"], "test");
  EXPECT_EQ(line["delivery"], "inject");
  EXPECT_EQ(line["outcome"], "Allow");
  EXPECT_EQ(line["decisionId"], body["decisionId"]);
  EXPECT_EQ(line["vaultRequestId"], h.vault.LastRequestId());
  // The credential that the caller would be given is what was tried.
  EXPECT_THAT(played.shown, Contains("password=canary-5f3a"));
}

TEST_F(ProbeRouteTest, SaysWhichStepFailedWhyAndWhatToDo) {
  Fail(probe::Step::kTls);
  const auto answer = h.Post(kTest);
  EXPECT_EQ(answer->status(), 200);
  const nlohmann::json body = answer->Json();
  EXPECT_EQ(body["outcome"], "failed");
  EXPECT_EQ(body["step"], "tls");
  EXPECT_EQ(body["reason"], "UpstreamUntrusted");
  EXPECT_EQ(body["detail"], "not trusted");
  EXPECT_EQ(body["fix"], "trust it");
  EXPECT_EQ(body["steps"][3]["outcome"], "failed");
  EXPECT_EQ(body["steps"][3]["milliseconds"], 7);
  EXPECT_EQ(h.decisions.Last()["outcome"], "Fail");
  EXPECT_EQ(h.decisions.Last()["reason"], "UpstreamUntrusted");
  EXPECT_EQ(h.decisions.Last()["target"], "tls");
}

TEST_F(ProbeRouteTest, ACredentialThatCannotBeHadIsTheFirstStep) {
  h.Publish(ObjectsOf({AConnection("sales/empty")
                           .Shared(model::SharingMode::kOrganization)
                           .WithDefault(Kv2("secret", "sales/empty"))}));
  h.NextCheck();
  const nlohmann::json body =
      h.Post("/v1/connections/sales/empty/test")->Json();
  EXPECT_EQ(body["outcome"], "failed");
  EXPECT_EQ(body["step"], "credential");
  EXPECT_EQ(body["reason"], "SecretMissing");
  EXPECT_EQ(body["slot"], "default");
  ASSERT_THAT(body["steps"], SizeIs(1));
  EXPECT_EQ(body["steps"][0]["outcome"], "failed");
  EXPECT_EQ(h.decisions.Last()["target"], "credential");
  EXPECT_THAT(played.begun, IsEmpty());
}

TEST_F(ProbeRouteTest, ACredentialThatCannotBeUsedIsTheFirstStepToo) {
  played.report = {};
  played.report.fault = probe::Fault{"CredentialUnusable", "no", "yes"};
  const nlohmann::json body = h.Post(kTest)->Json();
  EXPECT_EQ(body["step"], "credential");
  EXPECT_EQ(body["steps"][0]["outcome"], "failed");
}

TEST_F(ProbeRouteTest, UseIsEnoughAndServerSideOnlyIsNoObstacle) {
  h.Publish(ObjectsOf({AConnection("sales/warehouse")
                           .OnProvider("postgresql", "password")
                           .WithDefault(Kv2("secret", "sales/warehouse"))},
                      {AGrant("sales/n", "warehouse")
                           .Allowing({model::Privilege::kUse})
                           .To(Account("reports/nightly"))}));
  h.NextCheck();
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "ServerSideOnly");
  EXPECT_EQ(h.Post(kTest)->Json()["outcome"], "ok");
}

TEST_F(ProbeRouteTest, WhoMayNotUseItIsToldWhatEveryRouteTells) {
  h.Publish(ObjectsOf({AConnection("sales/warehouse")
                           .WithDefault(Kv2("secret", "sales/warehouse"))},
                      {AGrant("sales/n", "warehouse")
                           .Allowing({model::Privilege::kView})
                           .To(Account("reports/nightly"))}));
  h.NextCheck();
  const auto seen = h.Post(kTest);
  EXPECT_EQ(seen->status(), 403);
  EXPECT_EQ(seen->Reason(), "Forbidden");
  EXPECT_EQ(h.decisions.Last()["kind"], "test");
  EXPECT_EQ(h.decisions.Last()["outcome"], "Deny");
  const auto hidden = h.Post("/v1/connections/sales/none/test");
  EXPECT_EQ(hidden->status(), 404);
  EXPECT_EQ(hidden->Reason(), "NotVisible");
  EXPECT_THAT(played.begun, IsEmpty());
}

TEST_F(ProbeRouteTest, NobodyIsTestedForAnEndUser) {
  const auto exp = std::chrono::duration_cast<std::chrono::seconds>(
      (h.clock.Now() + std::chrono::hours(1)).time_since_epoch());
  const auto answer =
      h.Ask("POST", kTest,
            {{"X-Claviger-User-Token",
              JwtOf({{"sub", "alice"}, {"exp", exp.count()}})}});
  EXPECT_EQ(answer->Reason(), "VaultDenied");
  EXPECT_THAT(played.begun, IsEmpty());
}

TEST_F(ProbeRouteTest, TakesNoBodyAndKnowsOnlyOneParameter) {
  EXPECT_EQ(h.Ask("POST", kTest, {}, "{}")->status(), 400);
  EXPECT_EQ(h.Post(kTest + std::string("?deliver=inject"))->status(), 400);
  EXPECT_EQ(h.Get(kTest)->Header("Allow"), "POST");
  EXPECT_EQ(h.Post(kTest + std::string("?slot=default"))->status(), 200);
  EXPECT_EQ(h.Post(kTest + std::string("?slot=grant/none"))->Reason(),
            "NotEligible");
}

TEST_F(ProbeRouteTest, IsLimitedPerConnection) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(h.Post(kTest)->status(), 200);
  const auto refused = h.Post(kTest);
  EXPECT_EQ(refused->status(), 429);
  EXPECT_EQ(refused->Reason(), "RateLimited");
  EXPECT_EQ(refused->Header("Retry-After"), "10");
  EXPECT_THAT(played.begun, SizeIs(3));
}

TEST_F(ProbeRouteTest, TheApiAnswersOthersWhileATestIsUnderWay) {
  played.holds = true;
  const auto tested = h.Post(kTest);
  EXPECT_FALSE(tested->answered());
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
  played.FinishAll(played.report);
  EXPECT_EQ(tested->status(), 200);
}

TEST_F(ProbeRouteTest, TellsNoSecret) {
  h.Post(kTest);
  Fail(probe::Step::kLogin);
  h.Post(kTest);
  EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(ProbeRouteTest, WithoutAProbeThereIsNoTest) {
  Harness other;
  other.Publish(ObjectsOf({Warehouse()}));
  other.Begin();
  EXPECT_EQ(other.Post(kTest)->Reason(), "CapabilityMissing");
}

}  // namespace
}  // namespace claviger::testing

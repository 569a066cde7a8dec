// SPDX-License-Identifier: Apache-2.0
//
// Which step follows which, and what a report says of the one that failed.
#include "sidecar/probe/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "unit/sidecar/probe/played_way.h"

namespace claviger::sidecar::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    network_.names["db.corp"] =
        proxy::Addresses{*proxy::ParseIpAddress("10.0.0.1")};
    network_.names["other.corp"] =
        proxy::Addresses{*proxy::ParseIpAddress("10.0.0.2")};
    AddServer("db.corp");
  }

  void AddServer(const std::string& host) {
    model::Tls tls;
    tls.mode = "verify-ca";
    auto client = proxy::TlsClient::Make(tls, host, {}, "");
    ASSERT_TRUE(client);
    plan_->servers.push_back(
        {{host, 5432},
         std::make_shared<const proxy::TlsClient>(*std::move(client))});
  }

  std::shared_ptr<probe::Run> Start() {
    auto run = std::make_shared<probe::Run>(
        clock_, rules_, std::make_unique<testing::PlayedWay>(network_), plan_,
        [this](Report report) {
          EXPECT_FALSE(report_.has_value());
          report_ = std::move(report);
        });
    run->Begin();
    return run;
  }

  Report Take() {
    Start();
    EXPECT_TRUE(report_.has_value());
    return report_.value_or(Report{});
  }

  // "name ok", "tls failed".
  static std::vector<std::string> StepsOf(const Report& report) {
    std::vector<std::string> steps;
    for (const StepReport& step : report.steps) {
      steps.push_back(std::string(ToString(step.step)) + " " +
                      std::string(ToString(step.ended)));
    }
    return steps;
  }

  testing::FakeClock clock_;
  proxy::AddressRules rules_;
  testing::PlayedNetwork network_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::optional<Report> report_;
};

TEST_F(RunTest, TakesEveryStepToTheLogin) {
  network_.login = LoginEnd{Ended::kOk, "the server answered 200"};
  const Report report = Take();
  EXPECT_THAT(StepsOf(report), ElementsAre("name ok", "address ok",
                                           "connect ok", "tls ok", "login ok"));
  EXPECT_FALSE(report.fault);
  EXPECT_EQ(report.server, "db.corp:5432");
  EXPECT_EQ(report.steps[1].note, "10.0.0.1");
  EXPECT_EQ(report.steps[4].note, "the server answered 200");
  EXPECT_THAT(network_.asked,
              ElementsAre("resolve db.corp", "connect 10.0.0.1 5432", "secure",
                          "log in"));
}

TEST_F(RunTest, SaysThatANameIsUnknown) {
  network_.names.clear();
  const Report report = Take();
  EXPECT_THAT(StepsOf(report), ElementsAre("name failed"));
  EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
  EXPECT_THAT(report.fault->detail, HasSubstr("db.corp"));
  EXPECT_THAT(report.fault->fix, HasSubstr("endpoint.host"));
}

TEST_F(RunTest, ConnectsToNoRefusedAddress) {
  network_.names.at("db.corp") =
      proxy::Addresses{*proxy::ParseIpAddress("169.254.169.254")};
  const Report report = Take();
  EXPECT_THAT(StepsOf(report), ElementsAre("name ok", "address failed"));
  EXPECT_EQ(report.fault->reason, "AddressRefused");
  EXPECT_THAT(report.fault->detail, HasSubstr("link-local"));
  EXPECT_THAT(network_.asked, ElementsAre("resolve db.corp"));
}

TEST_F(RunTest, AnAddressInPlaceOfANameIsNotResolvedAndIsJudged) {
  plan_->servers[0].address.host = "127.0.0.1";
  const Report report = Take();
  EXPECT_THAT(StepsOf(report), ElementsAre("name ok", "address failed"));
  EXPECT_THAT(network_.asked, IsEmpty());
}

TEST_F(RunTest, SaysThatNobodyListens) {
  network_.unreachable["10.0.0.1"] = {ErrorCode::kUnavailable,
                                      "cannot connect to 10.0.0.1 port 5432"};
  const Report report = Take();
  EXPECT_THAT(StepsOf(report),
              ElementsAre("name ok", "address ok", "connect failed"));
  EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
  EXPECT_THAT(report.fault->fix, HasSubstr("NetworkPolicies"));
}

TEST_F(RunTest, SaysThatNobodyAnswersInTime) {
  network_.unreachable["10.0.0.1"] = {ErrorCode::kDeadlineExceeded,
                                      "cannot connect to 10.0.0.1 port 5432"};
  EXPECT_EQ(Take().fault->reason, "UpstreamTimeout");
}

TEST_F(RunTest, TriesEachAddressThatMayBe) {
  network_.names.at("db.corp") = proxy::Addresses{
      *proxy::ParseIpAddress("10.0.0.1"), *proxy::ParseIpAddress("127.0.0.1"),
      *proxy::ParseIpAddress("10.0.0.9")};
  network_.unreachable["10.0.0.1"] = {ErrorCode::kUnavailable, "gone"};
  const Report report = Take();
  EXPECT_FALSE(report.fault);
  EXPECT_EQ(report.steps[1].note, "10.0.0.1, 10.0.0.9");
  EXPECT_THAT(network_.asked,
              ElementsAre("resolve db.corp", "connect 10.0.0.1 5432",
                          "connect 10.0.0.9 5432", "secure", "log in"));
}

TEST_F(RunTest, SaysThatACertificateIsNotTrusted) {
  network_.tls = {Error{ErrorCode::kUnauthenticated, "not trusted"}};
  const Report report = Take();
  EXPECT_THAT(StepsOf(report),
              ElementsAre("name ok", "address ok", "connect ok", "tls failed"));
  EXPECT_EQ(report.fault->reason, "UpstreamUntrusted");
  EXPECT_EQ(report.fault->detail, "not trusted");
}

TEST_F(RunTest, SaysWhereNoTlsIsOursAndNoLoginIsTried) {
  plan_->servers[0].tls = nullptr;
  plan_->no_tls = "its own protocol";
  plan_->no_login = "not spoken here";
  const Report report = Take();
  EXPECT_THAT(StepsOf(report),
              ElementsAre("name ok", "address ok", "connect ok", "tls unproven",
                          "login unproven"));
  EXPECT_EQ(report.steps[3].note, "its own protocol");
  EXPECT_EQ(report.steps[4].note, "not spoken here");
  EXPECT_FALSE(report.fault);
}

TEST_F(RunTest, SaysThatALoginIsRefused) {
  network_.login =
      LoginEnd{Ended::kFailed, "", Fault{"CredentialRefused", "no", "yes"}};
  const Report report = Take();
  EXPECT_EQ(StepsOf(report).back(), "login failed");
  EXPECT_EQ(report.fault->reason, "CredentialRefused");
}

TEST_F(RunTest, SaysThatALoginBroke) {
  network_.login =
      Fail(ErrorCode::kUnavailable, "the server closed the connection");
  const Report report = Take();
  EXPECT_EQ(StepsOf(report).back(), "login failed");
  EXPECT_EQ(report.fault->reason, "UpstreamUnavailable");
}

TEST_F(RunTest, GoesOnToTheNextServerAndTellsOfThatOne) {
  AddServer("other.corp");
  network_.tls = {Error{ErrorCode::kUnauthenticated, "not trusted"},
                  std::nullopt};
  const Report report = Take();
  EXPECT_FALSE(report.fault);
  EXPECT_EQ(report.server, "other.corp:5432");
  EXPECT_EQ(report.steps.size(), 5U);
}

TEST_F(RunTest, ShowsARefusedCredentialToNoOtherServer) {
  AddServer("other.corp");
  network_.login =
      LoginEnd{Ended::kFailed, "", Fault{"CredentialRefused", "no", "yes"}};
  const Report report = Take();
  EXPECT_EQ(report.server, "db.corp:5432");
  EXPECT_EQ(network_.asked.back(), "log in");
  EXPECT_EQ(network_.asked.size(), 4U);
}

TEST_F(RunTest, EndsInTheStepUnderWayWhenTheTimeIsOver) {
  network_.hangs_at_login = true;
  const auto run = Start();
  ASSERT_FALSE(report_);
  clock_.Advance(std::chrono::seconds(10));
  run->TimeUp();
  ASSERT_TRUE(report_);
  EXPECT_EQ(StepsOf(*report_).back(), "login failed");
  EXPECT_EQ(report_->steps.back().took, std::chrono::seconds(10));
  EXPECT_EQ(report_->fault->reason, "UpstreamTimeout");
  run->TimeUp();  // once is enough
}

}  // namespace
}  // namespace claviger::sidecar::probe

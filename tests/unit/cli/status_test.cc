// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/cli_world.h"
#include "cli/exit_code.h"
#include "cli/status_report.h"
#include "cli/status_text.h"
#include "support/fake_kube.h"

namespace claviger::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kVersion = "claviger.io/v1alpha1";

json Condition(const char* type, bool holds, const char* reason,
               const char* message = "") {
  return {{"type", type},
          {"status", holds ? "True" : "False"},
          {"reason", reason},
          {"message", message},
          {"observedGeneration", 1},
          {"lastTransitionTime", "2026-01-01T00:00:00Z"}};
}

class StatusTest : public ::testing::Test {
 protected:
  void Connection(const char* name) {
    kube_.Apply(
        kube::kConnections,
        {{"apiVersion", kVersion},
         {"kind", "Connection"},
         {"metadata", {{"name", name}, {"namespace", "sales"}}},
         {"spec",
          {{"provider", "postgresql"}, {"sharing", {{"mode", "Groups"}}}}}});
  }
  void Judge(const char* name, const json& conditions) {
    const json status{{"observedGeneration", 1}, {"conditions", conditions}};
    ASSERT_TRUE(client_.PatchStatus(kube::kConnections, {"sales", name},
                                    status.dump()));
  }
  void Lead(std::chrono::seconds ago) {
    kube_.Apply(kube::kNamespaces,
                {{"apiVersion", "v1"},
                 {"kind", "Namespace"},
                 {"metadata", {{"name", "claviger-system"}}}});
    kube::Lease lease;
    lease.holder = "pod-1";
    lease.renewed = clock_.Now() - ago;
    ASSERT_TRUE(kube::CreateLease(
        client_, {"claviger-system", "claviger-operator"}, lease));
  }

  StatusReport Read(const std::string& ns = "") {
    auto report =
        ReadStatusReport(client_, ns, {"claviger-system", "claviger-operator"});
    EXPECT_TRUE(report) << report.error().message;
    return report ? std::move(*report) : StatusReport{};
  }
  std::string Text(bool all = false) {
    std::ostringstream out;
    PrintStatus(Read(), clock_.Now(), all, false, out);
    return out.str();
  }

  testing::FakeClock clock_;
  testing::FakeKube kube_{clock_};
  kube::Client client_{kube_};
};

TEST_F(StatusTest, ShowsWhatIsNotReadyAndWhy) {
  Lead(std::chrono::seconds(2));
  Connection("good");
  Connection("bad");
  Judge("good", {Condition("Accepted", true, "Accepted"),
                 Condition("Programmed", true, "Programmed"),
                 Condition("Ready", true, "Ready")});
  Judge("bad", {Condition("Accepted", false, "PathNotAllowed", "not yours"),
                Condition("Ready", false, "PathNotAllowed", "not yours")});
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("pod-1 leads, seen 2 s ago"));
  EXPECT_THAT(text, HasSubstr("2, 1 ready"));
  EXPECT_THAT(text, HasSubstr("sales/bad"));
  EXPECT_THAT(text, HasSubstr("PathNotAllowed"));
  EXPECT_THAT(text, HasSubstr("not yours"));
  EXPECT_THAT(text, Not(HasSubstr("sales/good")));
  EXPECT_THAT(Text(true), HasSubstr("sales/good"));
  EXPECT_FALSE(AllWell(Read(), clock_.Now()));
}

TEST_F(StatusTest, IsWellWhenAllIsReadyAndSomebodyLeads) {
  Connection("good");
  Judge("good", {Condition("Accepted", true, "Accepted"),
                 Condition("Ready", true, "Ready")});
  EXPECT_FALSE(AllWell(Read(), clock_.Now()));
  EXPECT_THAT(Text(), HasSubstr("none has ever led here"));
  Lead(std::chrono::seconds(2));
  EXPECT_TRUE(AllWell(Read(), clock_.Now()));
  clock_.Advance(std::chrono::minutes(1));
  EXPECT_FALSE(AllWell(Read(), clock_.Now()));
  EXPECT_THAT(Text(), HasSubstr("has not been seen for 62 s"));
}

TEST_F(StatusTest, CallsPendingWhatNobodyHasJudged) {
  Connection("new");
  const StatusReport report = Read();
  ASSERT_EQ(report.objects.size(), 1U);
  EXPECT_FALSE(report.objects[0].ready.has_value());
  EXPECT_THAT(Text(), HasSubstr("pending"));
}

TEST_F(StatusTest, IsAboutOneNamespaceWhereAsked) {
  Connection("good");
  EXPECT_EQ(Read("sales").objects.size(), 1U);
  EXPECT_EQ(Read("finance").objects.size(), 0U);
}

TEST_F(StatusTest, GivesProgramsEveryObject) {
  Lead(std::chrono::seconds(2));
  Connection("good");
  Judge("good", json::array({Condition("Ready", true, "Ready")}));
  const auto out = StatusJson(Read(), clock_.Now());
  ASSERT_EQ(out["operator"]["leads"], true);
  EXPECT_EQ(out["operator"]["holder"], "pod-1");
  EXPECT_EQ(out["counts"]["connections"]["ready"], 1);
  ASSERT_EQ(out["objects"].size(), 1U);
  EXPECT_EQ(out["objects"][0]["about"], "postgresql, Groups");
  EXPECT_EQ(out["objects"][0]["ready"], true);
}

TEST_F(StatusTest, NeverPrintsControlCharactersOfOthers) {
  Connection("bad");
  Judge("bad",
        json::array({Condition("Ready", false, "Reason", "a\x1b[31mb")}));
  EXPECT_THAT(Text(), Not(HasSubstr("\x1b")));
}

class StatusCommandTest : public CliTest {};

TEST_F(StatusCommandTest, SaysWhatIsWrongWithAKubeconfig) {
  EXPECT_EQ(Run({"status"}).code, kExitError);
  EXPECT_THAT(Run({"status"}).err, HasSubstr("no kubeconfig"));
  environment_.kubeconfig = directory() + "/none";
  EXPECT_EQ(Run({"status"}).code, kExitError);
}

}  // namespace
}  // namespace claviger::cli

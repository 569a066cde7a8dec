// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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
  void Pod(const std::string& ns, const std::string& name, bool injected,
           const json& args = json::array()) {
    json pod = {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata",
         {{"namespace", ns},
          {"name", name},
          {"labels", {{"claviger.io/inject", "true"}}}}},
        {"spec", {{"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
    if (injected) {
      pod["spec"]["initContainers"] = {
          {{"name", "claviger-sidecar"}, {"image", "x"}, {"args", args}}};
    }
    kube_.Apply(kube::kPods, pod);
  }
  void Lead(std::chrono::seconds ago,
            std::map<std::string, std::string> notes = {}) {
    kube_.Apply(kube::kNamespaces,
                {{"apiVersion", "v1"},
                 {"kind", "Namespace"},
                 {"metadata", {{"name", "claviger-system"}}}});
    kube::Lease lease;
    lease.holder = "pod-1";
    lease.renewed = clock_.Now() - ago;
    lease.notes = std::move(notes);
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

TEST_F(StatusTest, TellsWhatIsMissingAndWhatToDoAboutIt) {
  op::PassReport report;
  report.missing = {{"sales", 2, 9, "sales:5f0c9e1b", {"Grant/no"}}};
  report.brakes = {{"_cluster", 30, 40, "_cluster:00112233", {"Group/x"}}};
  Lead(std::chrono::seconds(2),
       {{op::kHeldBackNote, op::EncodeHeldBack(report)}});
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("2 of 9 objects of sales gone, though nobody saw "
                              "them deleted: Grant/no, ..."));
  EXPECT_THAT(text, HasSubstr("what they held back is held back still"));
  EXPECT_THAT(text, HasSubstr("confirm with safety.confirmMassDelete: "
                              "sales:5f0c9e1b"));
  EXPECT_THAT(text, HasSubstr("30 of 40 objects (Groups) gone"));
  EXPECT_THAT(text, HasSubstr("nothing changes there"));
  const auto out = StatusJson(Read(), clock_.Now());
  ASSERT_EQ(out["missing"].size(), 2U);
  EXPECT_EQ(out["missing"][0]["frozen"], true);
  EXPECT_EQ(out["missing"][1]["namespace"], "sales");
  EXPECT_EQ(out["missing"][1]["gone"], 2);
  EXPECT_THAT(std::string(out["missing"][1]["fix"]),
              HasSubstr("sales:5f0c9e1b"));
  EXPECT_FALSE(AllWell(Read(), clock_.Now()));
}

TEST_F(StatusTest, PassesOverANoteThatItCannotRead) {
  Lead(std::chrono::seconds(2), {{op::kHeldBackNote, "[1, {\"gone\": -1"}});
  EXPECT_EQ(StatusJson(Read(), clock_.Now())["missing"].size(), 0U);
  EXPECT_TRUE(AllWell(Read(), clock_.Now()));
}

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

TEST_F(StatusTest, NamesPodsWithoutTheirSidecarAndSaysWhatToDo) {
  Lead(std::chrono::seconds(2));
  Pod("shop", "app-1", true);
  EXPECT_THAT(Text(), HasSubstr("1 asked for the sidecar, 0 without it"));
  EXPECT_TRUE(AllWell(Read(), clock_.Now()));
  Pod("shop", "app-2", false);
  Pod("web", "app-3", false);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("3 asked for the sidecar, 2 without it"));
  EXPECT_THAT(text, HasSubstr("NotInjected: shop/app-2, web/app-3\n"));
  EXPECT_THAT(text, HasSubstr("delete the pod"));
  EXPECT_FALSE(AllWell(Read(), clock_.Now()));
  const auto out = StatusJson(Read("web"), clock_.Now());
  EXPECT_EQ(out["pods"]["asked"], 1);
  ASSERT_EQ(out["pods"]["without"].size(), 1U);
  EXPECT_EQ(out["pods"]["without"][0]["name"], "app-3");
  EXPECT_EQ(out["pods"]["without"][0]["reason"], "NotInjected");
}

TEST_F(StatusTest, CountsThePodsThatListenForAConnection) {
  Lead(std::chrono::seconds(2));
  Pod("shop", "app-1", true, {"--listen=sales/dw=postgres,sales/rates=http"});
  EXPECT_THAT(Text(), HasSubstr("sales/dw (postgres, 1 pod)"));
  Pod("shop", "app-2", true, {"--tcp=9811", "--listen=sales/dw=postgres:9820"});
  Pod("shop", "app-3", true, {"--listen=\x1b[31m", "--listen", 5});
  EXPECT_THAT(Text(), HasSubstr("sales/dw (postgres, 2 pods), "
                                "sales/rates (http, 1 pod)\n"));
  const auto out = StatusJson(Read(), clock_.Now());
  ASSERT_EQ(out["pods"]["listeners"].size(), 2U);
  EXPECT_EQ(out["pods"]["listeners"][0]["connection"], "sales/dw");
  EXPECT_EQ(out["pods"]["listeners"][0]["protocol"], "postgres");
  EXPECT_EQ(out["pods"]["listeners"][0]["pods"], 2);
}

TEST_F(StatusTest, ANamespaceLeftOutOnPurposeIsNoMistake) {
  Lead(std::chrono::seconds(2));
  kube_.Apply(kube::kMutatingWebhooks, json::parse(R"({
    "apiVersion":"admissionregistration.k8s.io/v1",
    "kind":"MutatingWebhookConfiguration","metadata":{"name":"claviger"},
    "webhooks":[{"name":"pods.claviger.io","namespaceSelector":{
      "matchExpressions":[{"key":"kubernetes.io/metadata.name",
        "operator":"NotIn","values":["ci"]}]}}]})"));
  Pod("ci", "build-1", false);
  EXPECT_THAT(Text(), HasSubstr("NamespaceExcluded: ci/build-1\n"));
  EXPECT_TRUE(AllWell(Read(), clock_.Now()));
}

TEST_F(StatusTest, IsOfUseToWhoMayNotSeePodsOrWebhooks) {
  Lead(std::chrono::seconds(2));
  Pod("kube-system", "app-1", false);
  kube_.Answer("LIST /api/v1/pods", 403);
  const StatusReport report = Read();
  EXPECT_FALSE(report.pods.known);
  EXPECT_TRUE(AllWell(report, clock_.Now()));
  EXPECT_EQ(StatusJson(report, clock_.Now())["pods"], nullptr);
  kube_.Answer("LIST /api/v1/pods", 403);
  EXPECT_THAT(Text(), HasSubstr("you may not list pods"));
  // What is always left out needs no configuration to be known.
  kube_.Answer("GET /apis/admissionregistration.k8s.io", 403);
  EXPECT_THAT(Text(), HasSubstr("NamespaceExcluded: kube-system/app-1\n"));
}

TEST_F(StatusTest, KeepsToOneScreenUnlessAskedForAll) {
  Lead(std::chrono::seconds(2));
  for (int i = 0; i < 60; ++i) {
    const std::string name = "c" + std::to_string(i);
    Connection(name.c_str());
    Pod("shop", "app-" + std::to_string(i), false);
  }
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("and 40 more (--all)"));
  EXPECT_THAT(text, HasSubstr("and 55 more (--all)"));
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 40);
  const std::string all = Text(true);
  EXPECT_THAT(all, Not(HasSubstr("--all")));
  EXPECT_THAT(all, HasSubstr("shop/app-59"));
  EXPECT_THAT(all, HasSubstr("sales/c59"));
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

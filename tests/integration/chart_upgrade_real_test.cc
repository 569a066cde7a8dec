// SPDX-License-Identifier: Apache-2.0
//
// The guard while helm/claviger is upgraded, in a real API server: what the
// replaced release's operators still inject stays accepted, and nothing older.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chart_bed.h"
#include "operator/config.h"
#include "operator/inject/inject.h"
#include "support/await.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

using Set = std::vector<std::string>;

const Set kFirst = {"injection.image.tag=v1"};
const Set kSecond = {"injection.image.tag=v2", "vault.mount=other"};
const Set kThird = {"injection.image.tag=v3", "vault.mount=other"};

class ChartUpgradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto helm = Helm::Find();
    CLAVIGER_NEED_SERVER(helm);
    helm_.emplace(*std::move(helm));
    auto kube = RealKubeApiServer::Start();
    CLAVIGER_NEED_SERVER(kube);
    kube_ = *std::move(kube);
    ASSERT_TRUE(helm_->UseServer(*kube_));
    for (const char* ns : {kNamespace, "shop"}) {
      ASSERT_TRUE(kube_->CreateNamespace(ns));
    }
    ASSERT_TRUE(kube_->CreateServiceAccount("shop", "default"));
  }

  void Upgrade(Set set) {
    std::vector<std::string> arguments = {
        "upgrade",     "claviger", kChart,     "--install",
        "--namespace", kNamespace, "--values", ValuesFile("least")};
    for (const std::string& one : set) {
      arguments.insert(arguments.end(), {"--set", one});
    }
    const auto ran = helm_->Run(arguments);
    ASSERT_TRUE(ran) << ran.error().message;
    ASSERT_EQ(ran->exit_code, 0) << ran->out << ran->err;
  }

  // As the operator of a release with these values writes it.
  json InjectedPod(const Set& set) {
    const auto text = helm_->Render({ValuesFile("least")}, set);
    EXPECT_TRUE(text) << text.error().message;
    const json map = Find(*Documents(*text), "ConfigMap", "claviger-operator");
    const auto config =
        op::ParseConfig(std::string(map["data"]["operator.yaml"]), "chart");
    EXPECT_TRUE(config) << config.error().message;
    op::inject::Settings settings = config->injection;
    settings.sidecar_text =
        op::inject::SidecarText(op::SidecarFactsOf(*config, "")).value_or("");
    json pod = {
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata",
         {{"name", "app"}, {"labels", {{"claviger.io/inject", "true"}}}}},
        {"spec",
         {{"serviceAccountName", "default"},
          {"automountServiceAccountToken", false},
          {"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
    op::inject::Surroundings surroundings;
    surroundings.ns = "shop";
    surroundings.native_sidecars = op::inject::NativeSidecars::kYes;
    const op::inject::Outcome outcome =
        op::inject::Inject(pod, settings, surroundings);
    EXPECT_TRUE(outcome.allowed) << outcome.message;
    for (const op::PatchStep& step : outcome.patch) {
      pod.patch_inplace(json::array({{{"op", step.op},
                                      {"path", step.path},
                                      {"value", json::parse(step.value)}}}));
    }
    // The webhook is not asked: there is nobody to answer.
    pod["metadata"].erase("labels");
    return pod;
  }

  /// What the API server says to such a pod; empty: yes.
  std::string Verdict(const json& pod) {
    const auto answer = kube_->Call(
        "POST", "/api/v1/namespaces/shop/pods?dryRun=All", pod.dump());
    if (!answer) return answer.error().message;
    return answer->ok() ? "" : answer->body;
  }
  // Policies come into force a moment after they were written.
  bool AwaitVerdict(const json& pod, bool accepted) {
    return Await([&] { return Verdict(pod).empty() == accepted; },
                 std::chrono::seconds(60));
  }

  std::string GuardVersion() {
    const auto answer = kube_->Call(
        "GET",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/"
        "claviger-pods");
    return answer && answer->ok()
               ? std::string(answer->Json()["metadata"]["resourceVersion"])
               : "";
  }

  std::optional<Helm> helm_;
  std::unique_ptr<RealKubeApiServer> kube_;
};

constexpr const char* kOtherImage =
    "the image of the container claviger-sidecar is not the one that the "
    "operator is configured with";

TEST_F(ChartUpgradeTest, WhatIsReplacedStaysAcceptedAndNothingOlder) {
  const json first = InjectedPod(kFirst);
  const json second = InjectedPod(kSecond);
  const json third = InjectedPod(kThird);
  ASSERT_NO_FATAL_FAILURE(Upgrade(kFirst));
  ASSERT_TRUE(AwaitVerdict(second, false));
  EXPECT_THAT(Verdict(second), HasSubstr(kOtherImage));
  EXPECT_EQ(Verdict(first), "");

  ASSERT_NO_FATAL_FAILURE(Upgrade(kSecond));
  ASSERT_TRUE(AwaitVerdict(second, true)) << Verdict(second);
  EXPECT_EQ(Verdict(first), "");
  // Image and settings belong together.
  json mixed = first;
  mixed["spec"]["initContainers"][0]["args"] =
      second["spec"]["initContainers"][0]["args"];
  EXPECT_THAT(Verdict(mixed), HasSubstr("arguments of the container"));

  ASSERT_NO_FATAL_FAILURE(Upgrade(kThird));
  ASSERT_TRUE(AwaitVerdict(third, true)) << Verdict(third);
  EXPECT_EQ(Verdict(second), "");
  EXPECT_THAT(Verdict(first), HasSubstr(kOtherImage));
}

TEST_F(ChartUpgradeTest, RenderingOnceMoreChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(Upgrade(kFirst));
  const std::string installed = GuardVersion();
  ASSERT_NO_FATAL_FAILURE(Upgrade(kFirst));
  EXPECT_EQ(GuardVersion(), installed);
  ASSERT_NO_FATAL_FAILURE(Upgrade(kSecond));
  const std::string upgraded = GuardVersion();
  EXPECT_NE(upgraded, installed);
  for (int i = 0; i < 2; ++i) {
    ASSERT_NO_FATAL_FAILURE(Upgrade(kSecond));
    EXPECT_EQ(GuardVersion(), upgraded);
  }
}

TEST_F(ChartUpgradeTest, WhatIsReplacedCanBeLetGo) {
  const json first = InjectedPod(kFirst);
  const json second = InjectedPod(kSecond);
  ASSERT_NO_FATAL_FAILURE(Upgrade(kFirst));
  ASSERT_NO_FATAL_FAILURE(Upgrade(kSecond));
  ASSERT_TRUE(AwaitVerdict(second, true));
  EXPECT_EQ(Verdict(first), "");
  Set without = kSecond;
  without.push_back("guard.keepReplaced=false");
  ASSERT_NO_FATAL_FAILURE(Upgrade(without));
  ASSERT_TRUE(AwaitVerdict(first, false));
  EXPECT_THAT(Verdict(first), HasSubstr(kOtherImage));
  EXPECT_EQ(Verdict(second), "");
  // And does not come back.
  ASSERT_NO_FATAL_FAILURE(Upgrade(kSecond));
  EXPECT_THAT(Verdict(first), HasSubstr(kOtherImage));
}

}  // namespace
}  // namespace claviger::testing

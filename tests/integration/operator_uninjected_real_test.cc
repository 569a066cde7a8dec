// SPDX-License-Identifier: Apache-2.0
//
// Pods that asked for the sidecar and run without it, as the operator finds
// them in a real API server: an Event on each, once, and a metric.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cluster_bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Where nothing is called: what is labelled elsewhere came past it.
constexpr char kConfiguration[] =
    R"(apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: claviger}
webhooks:
  - name: pods.claviger.io
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig: {url: "https://127.0.0.1:1/inject"}
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: NotIn
          values: [kube-system, claviger-system, finance]
    rules: []
)";

class OperatorUninjectedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = ClusterBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
  }

  void Create(const std::string& ns, const std::string& account,
              const std::string& name, const json& annotations = {}) {
    const json pod = {{"metadata",
                       {{"name", name},
                        {"labels", {{"claviger.io/inject", "true"}}},
                        {"annotations", annotations}}},
                      {"spec",
                       {{"serviceAccountName", account},
                        {"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
    const auto made = bed_->kube().Call(
        "POST", "/api/v1/namespaces/" + ns + "/pods", pod.dump());
    ASSERT_TRUE(made && made->ok()) << (made ? made->body : "");
  }

  // "app-1 NotInjected", of all pods.
  std::vector<std::string> Events() {
    const auto answer = bed_->kube().Call("GET", "/api/v1/events");
    std::vector<std::string> events;
    if (!answer || !answer->ok()) return events;
    const json list = json::parse(answer->body);
    for (const json& one : list["items"]) {
      if (one["involvedObject"]["kind"] != "Pod") continue;
      EXPECT_EQ(one["source"]["component"], "claviger-operator");
      events.push_back(one["involvedObject"]["name"].get<std::string>() + " " +
                       one["reason"].get<std::string>());
    }
    return events;
  }

  static std::string Metrics(Process& process) {
    const auto line = process.WaitForLine("metrics_port", kPatience);
    if (!line) return "";
    HttpCall call;
    call.url =
        "http://127.0.0.1:" + json::parse(*line).at("metrics_port").dump() +
        "/metrics";
    const auto answer = SendHttp(call);
    return answer ? answer->body : "";
  }

  std::unique_ptr<ClusterBed> bed_;
};

TEST_F(OperatorUninjectedTest, EachIsToldOfOnceWithTheRightReason) {
  Create("reports", "nightly", "app-1");
  Create("reports", "nightly", "app-2", {{"claviger.io/status", "injected"}});
  ASSERT_TRUE(bed_->Apply(kConfiguration));
  Create("finance", "closer", "app-3");
  auto first = bed_->StartOperator("first");
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(ClusterBed::Await([&] { return Events().size() == 3; }))
      << bed_->LogOf("first");
  const auto expected = UnorderedElementsAre(
      "app-1 NotInjected", "app-2 SidecarRemoved", "app-3 NamespaceExcluded");
  EXPECT_THAT(Events(), expected);
  const std::string metrics = Metrics(*first);
  for (const char* reason :
       {"not_injected", "sidecar_removed", "namespace_excluded"}) {
    EXPECT_THAT(metrics,
                HasSubstr("claviger_operator_pods_uninjected{reason=\"" +
                          std::string(reason) + "\"} 1\n"));
  }
  EXPECT_EQ(first->Stop(), 0);

  // Who leads next knows of them, and writes no second one.
  Create("reports", "nightly", "app-4");
  auto next = bed_->StartOperator("next");
  ASSERT_TRUE(next) << next.error().message;
  ASSERT_TRUE(ClusterBed::Await([&] { return Events().size() == 4; }))
      << bed_->LogOf("next");
  EXPECT_EQ(next->Stop(), 0);
  EXPECT_THAT(Events(), UnorderedElementsAre(
                            "app-1 NotInjected", "app-2 SidecarRemoved",
                            "app-3 NamespaceExcluded", "app-4 NotInjected"));
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/uninjected_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "operator/kube/informer_sinks.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"

namespace claviger::op {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

json Pod(const std::string& ns, const std::string& name) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata",
           {{"namespace", ns},
            {"name", name},
            {"labels", {{"claviger.io/inject", "true"}}}}},
          {"spec", {{"containers", {{{"name", "app"}, {"image", "x"}}}}}}};
}

class UninjectedPodsTest : public ::testing::Test {
 protected:
  UninjectedPodsTest() {
    kube_.Apply(kube::kMutatingWebhooks, json::parse(R"({
      "apiVersion":"admissionregistration.k8s.io/v1",
      "kind":"MutatingWebhookConfiguration","metadata":{"name":"claviger"},
      "webhooks":[{"name":"pods.claviger.io","namespaceSelector":{
        "matchExpressions":[{"key":"kubernetes.io/metadata.name",
          "operator":"NotIn","values":["kube-system","ci"]}]}}]})"));
    Restart();
  }

  // A new process, and what it reads at its start.
  void Restart() {
    pods_ = std::make_unique<UninjectedPods>(
        UninjectedPodsSettings{.instance = "op-0"}, client_, clock_, log_,
        [this] { return leads_; }, [this] { ++woken_; });
    sink_ = std::make_unique<PodSink>(store_, *pods_, log_);
    const auto listed =
        client_.List(kube::kPods, {},
                     {[] {},
                      [&](const kube::ObjectView& view) {
                        sink_->OnObject(view, kube::InformerSink::Seen::kList);
                      }});
    ASSERT_TRUE(listed) << listed.error().message;
  }

  void See(const json& pod) {
    const json stored = kube_.Apply(kube::kPods, pod);
    const std::string text = stored.dump();
    const auto view = kube::ReadObject(kube::kPods, text);
    ASSERT_TRUE(view);
    sink_->OnObject(*view, kube::InformerSink::Seen::kWatch);
  }

  // "shop/app-1 NotInjected"
  std::vector<std::string> Events() const {
    std::vector<std::string> events;
    for (const json& one : kube_.PeekAll(kube::kEvents)) {
      const json& about = one["involvedObject"];
      events.push_back(about["namespace"].get<std::string>() + "/" +
                       about["name"].get<std::string>() + " " +
                       one["reason"].get<std::string>());
    }
    return events;
  }

  testing::FakeClock clock_;
  testing::FakeKube kube_{clock_};
  kube::Client client_{kube_};
  NullLogger log_;
  ObjectStore store_;
  bool leads_ = true;
  int woken_ = 0;
  std::unique_ptr<UninjectedPods> pods_;
  std::unique_ptr<PodSink> sink_;
};

TEST_F(UninjectedPodsTest, WritesOneWarningOnThePod) {
  See(Pod("shop", "app-1"));
  EXPECT_EQ(woken_, 1);
  pods_->Turn();
  pods_->Turn();
  ASSERT_THAT(Events(), ElementsAre("shop/app-1 NotInjected"));
  const json event = kube_.PeekAll(kube::kEvents)[0];
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reportingInstance"], "op-0");
  EXPECT_EQ(event["involvedObject"]["uid"],
            kube_.Peek(kube::kPods, {"shop", "app-1"})["metadata"]["uid"]);
  EXPECT_THAT(event["message"].get<std::string>(), HasSubstr("delete the pod"));
}

TEST_F(UninjectedPodsTest, WritesItOnceWhoeverLeads) {
  See(Pod("shop", "app-1"));
  pods_->Turn();
  Restart();
  pods_->Turn();
  EXPECT_THAT(Events(), ElementsAre("shop/app-1 NotInjected"));
  // Its second try was told that there is one; it does not try for ever.
  kube_.ResetLog();
  pods_->Turn();
  EXPECT_EQ(kube_.writes(), 0);
}

TEST_F(UninjectedPodsTest, APodThatIsMadeAnewIsAnotherOne) {
  See(Pod("shop", "app-1"));
  pods_->Turn();
  kube_.Delete(kube::kPods, {"shop", "app-1"});
  sink_->OnDeleted({"shop", "app-1"}, "", kube::InformerSink::Gone::kEvent);
  EXPECT_THAT(pods_->counts(), ElementsAre(0u, 0u, 0u));
  See(Pod("shop", "app-1"));
  pods_->Turn();
  EXPECT_EQ(Events().size(), 2u);
}

TEST_F(UninjectedPodsTest, SaysOfAnExcludedNamespaceThatItIsOne) {
  See(Pod("ci", "build-1"));
  See(Pod("shop", "app-1"));
  pods_->Turn();
  EXPECT_THAT(Events(), UnorderedElementsAre("ci/build-1 NamespaceExcluded",
                                             "shop/app-1 NotInjected"));
  EXPECT_THAT(pods_->counts(), ElementsAre(1u, 0u, 1u));
  for (const json& one : kube_.PeekAll(kube::kEvents)) {
    const bool excluded = one["reason"] == "NamespaceExcluded";
    EXPECT_EQ(one["type"], excluded ? "Normal" : "Warning");
  }
}

TEST_F(UninjectedPodsTest, IsSilentAboutPodsWithTheSidecar) {
  json pod = Pod("shop", "app-1");
  pod["spec"]["initContainers"] = {
      {{"name", "claviger-sidecar"}, {"image", "x"}}};
  See(pod);
  EXPECT_EQ(woken_, 0);
  pods_->Turn();
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(pods_->counts(), ElementsAre(0u, 0u, 0u));
}

TEST_F(UninjectedPodsTest, AStandbyCountsAndWritesNothing) {
  leads_ = false;
  See(Pod("ci", "build-1"));
  pods_->Turn();
  EXPECT_THAT(pods_->counts(), ElementsAre(0u, 0u, 1u));
  EXPECT_THAT(Events(), IsEmpty());
  leads_ = true;
  pods_->Turn();
  EXPECT_EQ(Events().size(), 1u);
}

// Otherwise an excluded namespace would be told as a webhook passed by.
TEST_F(UninjectedPodsTest, WaitsUntilItKnowsWhatIsExcluded) {
  See(Pod("ci", "build-1"));
  kube_.Answer("GET /apis/admissionregistration.k8s.io", 503);
  EXPECT_LT(pods_->Turn(), milliseconds(10'000));
  EXPECT_THAT(Events(), IsEmpty());
  pods_->Turn();
  EXPECT_THAT(Events(), ElementsAre("ci/build-1 NamespaceExcluded"));
}

TEST_F(UninjectedPodsTest, WithoutAConfigurationNothingIsExcluded) {
  kube_.Delete(kube::kMutatingWebhooks, {"", "claviger"});
  See(Pod("ci", "build-1"));
  pods_->Turn();
  EXPECT_THAT(Events(), ElementsAre("ci/build-1 NotInjected"));
}

TEST_F(UninjectedPodsTest, LooksAgainWhichNamespacesAreExcluded) {
  See(Pod("ci", "build-1"));
  pods_->Turn();
  EXPECT_THAT(pods_->counts(), ElementsAre(0u, 0u, 1u));
  kube_.Delete(kube::kMutatingWebhooks, {"", "claviger"});
  clock_.Advance(std::chrono::minutes(2));
  pods_->Turn();
  EXPECT_THAT(pods_->counts(), ElementsAre(1u, 0u, 0u));
}

TEST_F(UninjectedPodsTest, TriesAgainWhereTheApiServerIsBusyAndOnlyThere) {
  See(Pod("shop", "app-1"));
  kube_.Answer("POST /api/v1/namespaces/shop/events", 503);
  EXPECT_LT(pods_->Turn(), milliseconds(10'000));
  EXPECT_THAT(Events(), IsEmpty());
  pods_->Turn();
  EXPECT_EQ(Events().size(), 1u);
  // As a namespace that ends refuses.
  See(Pod("shop", "app-2"));
  kube_.Answer("POST /api/v1/namespaces/shop/events", 403);
  pods_->Turn();
  pods_->Turn();
  EXPECT_EQ(Events().size(), 1u);
}

TEST_F(UninjectedPodsTest, ManyPodsAreToldOfInBatches) {
  for (int i = 0; i < 25; ++i) See(Pod("shop", "app-" + std::to_string(i)));
  const milliseconds pause = pods_->Turn();
  EXPECT_EQ(Events().size(), 10u);
  EXPECT_EQ(pods_->Turn(), pause);  // woken for something else
  EXPECT_EQ(Events().size(), 10u);
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(pause);
    pods_->Turn();
  }
  EXPECT_EQ(Events().size(), 25u);
}

TEST_F(UninjectedPodsTest, NamesOfAnyLengthBecomeNamesOfEvents) {
  See(Pod("shop", std::string(199, 'a') + "-" + std::string(53, 'b')));
  See(Pod("shop", std::string(199, 'a') + "-" + std::string(53, 'c')));
  pods_->Turn();
  std::set<std::string> names;
  for (const json& one : kube_.PeekAll(kube::kEvents)) {
    names.insert(one["metadata"]["name"].get<std::string>());
  }
  EXPECT_EQ(names.size(), 2u);
  for (const std::string& name : names) {
    EXPECT_LE(name.size(), 253u);
    EXPECT_EQ(name.find("-."), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace claviger::op

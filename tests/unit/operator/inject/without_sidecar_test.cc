// SPDX-License-Identifier: Apache-2.0
#include "operator/inject/without_sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace claviger::op::inject {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

json Labelled() {
  return {{"metadata",
           {{"name", "app-1"}, {"labels", {{"claviger.io/inject", "true"}}}}},
          {"spec", {{"containers", {{{"name", "app"}}}}}},
          {"status", {{"phase", "Running"}}}};
}

TEST(WithoutSidecarTest, FindsALabelledPodThatWasNeverInjected) {
  EXPECT_EQ(FindWithoutSidecar(Labelled()), WithoutSidecar::kNotInjected);
  json pod = Labelled();
  pod["spec"]["initContainers"] = {{{"name", "migrate"}}};
  EXPECT_EQ(FindWithoutSidecar(pod), WithoutSidecar::kNotInjected);
}

TEST(WithoutSidecarTest, TellsASidecarThatWasTakenOutFromOneThatNeverWas) {
  json pod = Labelled();
  pod["metadata"]["annotations"]["claviger.io/status"] = "injected";
  EXPECT_EQ(FindWithoutSidecar(pod), WithoutSidecar::kTakenOut);
}

// An annotation is anybody's to write, the container is guarded.
TEST(WithoutSidecarTest, TheContainerAloneCounts) {
  json pod = Labelled();
  pod["spec"]["initContainers"] = {{{"name", "claviger-sidecar"}}};
  EXPECT_EQ(FindWithoutSidecar(pod), std::nullopt);
  pod = Labelled();
  pod["spec"]["containers"].push_back({{"name", "claviger-sidecar"}});
  EXPECT_EQ(FindWithoutSidecar(pod), WithoutSidecar::kNotInjected);
}

TEST(WithoutSidecarTest, LeavesWhatEndsOrHasEndedAlone) {
  for (const char* phase : {"Succeeded", "Failed"}) {
    json pod = Labelled();
    pod["status"]["phase"] = phase;
    EXPECT_EQ(FindWithoutSidecar(pod), std::nullopt) << phase;
  }
  json pod = Labelled();
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_EQ(FindWithoutSidecar(pod), std::nullopt);
}

TEST(WithoutSidecarTest, TakesPodsOfAnyShape) {
  for (const char* text :
       {"null", "7", "[]", "{}", R"({"spec":7,"metadata":[]})",
        R"({"spec":{"initContainers":{"name":"claviger-sidecar"}}})"}) {
    EXPECT_EQ(FindWithoutSidecar(json::parse(text)),
              WithoutSidecar::kNotInjected)
        << text;
  }
}

TEST(WithoutSidecarTest, ReadsWhichNamespacesTheWebhookLeavesOut) {
  const json configuration = json::parse(R"({"webhooks":[
    {"name":"objects.claviger.io"},
    {"name":"another","namespaceSelector":{"matchExpressions":[
      {"key":"kubernetes.io/metadata.name","operator":"NotIn",
       "values":["elsewhere"]}]}},
    {"name":"pods.claviger.io","namespaceSelector":{"matchExpressions":[
      {"key":"team","operator":"NotIn","values":["a"]},
      {"key":"kubernetes.io/metadata.name","operator":"In","values":["b"]},
      {"key":"kubernetes.io/metadata.name","operator":"NotIn",
       "values":["kube-system","ci",7]}]}}]})");
  EXPECT_THAT(ExcludedNamespaces(configuration),
              ElementsAre("ci", "kube-system"));
  for (const char* text : {"null", "[]", R"({"webhooks":{"a":1}})",
                           R"({"webhooks":[1,"x",{"name":null}]})"}) {
    EXPECT_THAT(ExcludedNamespaces(json::parse(text)), IsEmpty()) << text;
  }
}

TEST(WithoutSidecarTest, AnExcludedNamespaceIsTheReasonWhateverThePodShows) {
  for (const WithoutSidecar found : kAllWithoutSidecar) {
    EXPECT_EQ(Judged(found, "ci", {"ci"}), WithoutSidecar::kNamespaceExcluded);
    EXPECT_EQ(Judged(found, "shop", {"ci"}), found);
  }
}

TEST(WithoutSidecarTest, EachReasonIsToldApartAndSaysWhatToDo) {
  std::set<std::string_view> reasons;
  std::set<std::string_view> labels;
  for (const WithoutSidecar why : kAllWithoutSidecar) {
    reasons.insert(ReasonOf(why));
    labels.insert(LabelOf(why));
    const std::string advice(AdviceOn(why));
    const bool says = advice.find("delete the pod") != std::string::npos ||
                      advice.find("another namespace") != std::string::npos;
    EXPECT_TRUE(says) << advice;
  }
  EXPECT_EQ(reasons.size(), std::size(kAllWithoutSidecar));
  EXPECT_EQ(labels.size(), std::size(kAllWithoutSidecar));
}

}  // namespace
}  // namespace claviger::op::inject

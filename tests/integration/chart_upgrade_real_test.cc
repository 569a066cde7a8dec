// SPDX-License-Identifier: Apache-2.0
//
// The guard while helm/claviger is upgraded, in a real API server: what the
// replaced release's operators still inject stays accepted, and nothing older.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chart_cluster.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

using Set = std::vector<std::string>;

const Set kFirst = {"injection.image.tag=v1"};
const Set kSecond = {"injection.image.tag=v2", "vault.mount=other"};
const Set kThird = {"injection.image.tag=v3", "vault.mount=other"};

constexpr const char* kOtherImage =
    "the image of the container claviger-sidecar is not the one that the "
    "operator is configured with";

class ChartUpgradeTest : public ChartCluster {
 protected:
  void SetUp() override {
    ChartCluster::SetUp();
    if (kube_ == nullptr) return;
    ASSERT_TRUE(kube_->CreateNamespace("shop"));
    ASSERT_TRUE(kube_->CreateServiceAccount("shop", "default"));
    first_ = InjectedPod(Rendered(kFirst));
    second_ = InjectedPod(Rendered(kSecond));
  }

  std::string Verdict(const json& pod) { return DryRun(pod, "shop"); }

  json GuardVersion() {
    return Get(
        "/apis/admissionregistration.k8s.io/v1/"
        "validatingadmissionpolicies/claviger-pods")["metadata"]
                                                    ["resourceVersion"];
  }

  json first_;
  json second_;
};

TEST_F(ChartUpgradeTest, WhatIsReplacedStaysAcceptedAndNothingOlder) {
  ASSERT_NO_FATAL_FAILURE(Install(kFirst));
  ASSERT_TRUE(AwaitDryRun(second_, "shop", false));
  EXPECT_THAT(Verdict(second_), HasSubstr(kOtherImage));
  EXPECT_EQ(Verdict(first_), "");

  ASSERT_NO_FATAL_FAILURE(Install(kSecond));
  ASSERT_TRUE(AwaitDryRun(second_, "shop", true)) << Verdict(second_);
  EXPECT_EQ(Verdict(first_), "");
  // Image and settings belong together.
  json mixed = first_;
  mixed["spec"]["initContainers"][0]["args"] =
      second_["spec"]["initContainers"][0]["args"];
  EXPECT_THAT(Verdict(mixed), HasSubstr("arguments of the container"));

  const json third = InjectedPod(Rendered(kThird));
  ASSERT_NO_FATAL_FAILURE(Install(kThird));
  ASSERT_TRUE(AwaitDryRun(third, "shop", true)) << Verdict(third);
  EXPECT_EQ(Verdict(second_), "");
  EXPECT_THAT(Verdict(first_), HasSubstr(kOtherImage));
}

TEST_F(ChartUpgradeTest, RenderingOnceMoreChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(Install(kFirst));
  const json installed = GuardVersion();
  ASSERT_NO_FATAL_FAILURE(Install(kFirst));
  EXPECT_EQ(GuardVersion(), installed);
  ASSERT_NO_FATAL_FAILURE(Install(kSecond));
  const json upgraded = GuardVersion();
  EXPECT_NE(upgraded, installed);
  for (int i = 0; i < 2; ++i) {
    ASSERT_NO_FATAL_FAILURE(Install(kSecond));
    EXPECT_EQ(GuardVersion(), upgraded);
  }
}

TEST_F(ChartUpgradeTest, WhatIsReplacedCanBeLetGo) {
  ASSERT_NO_FATAL_FAILURE(Install(kFirst));
  ASSERT_NO_FATAL_FAILURE(Install(kSecond));
  ASSERT_TRUE(AwaitDryRun(second_, "shop", true));
  EXPECT_EQ(Verdict(first_), "");
  Set without = kSecond;
  without.push_back("guard.keepReplaced=false");
  ASSERT_NO_FATAL_FAILURE(Install(without));
  ASSERT_TRUE(AwaitDryRun(first_, "shop", false));
  EXPECT_THAT(Verdict(first_), HasSubstr(kOtherImage));
  EXPECT_EQ(Verdict(second_), "");
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/uninstall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/lease_lock.h"
#include "support/fake_clock.h"
#include "support/fake_kube.h"
#include "support/fake_random.h"
#include "unit/operator/kube/api_objects.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const kube::ObjectName kLease{"claviger-system", "claviger-operator"};

class UninstallTest : public ::testing::Test {
 protected:
  UninstallTest() : leader_(client_, {kLease, "op-0"}, random_) {
    kube_.Apply(kube::kNamespaces, {{"metadata", {{"name", kLease.ns}}}});
    kube_.Apply(kube::kConnections, ApiConnection("sales", "warehouse"));
    kube_.Apply(kube::kGrants, ApiGrant("sales", "nightly", "warehouse"));
    kube_.Apply(kube::kGroups, ApiGroup("finance"));
    EXPECT_TRUE(Step().leads);
  }

  kube::LeaseLock::Outcome Step() {
    return leader_.Step({clock_.SteadyNow(), clock_.Now()});
  }
  Result<op::UninstallReport> Run() {
    return op::Uninstall(client_, {kLease, "uninstall"}, clock_, log_,
                         [this](milliseconds time) {
                           clock_.Advance(time);
                           if (on_sleep_) on_sleep_();
                           return !asked_to_end_;
                         });
  }
  json Finalizers(const kube::Resource& resource,
                  const kube::ObjectName& name) const {
    return kube_.Peek(resource, name)["metadata"].value("finalizers",
                                                        json::array());
  }

  FakeClock clock_;
  FakeRandom random_;
  NullLogger log_;
  FakeKube kube_{clock_};
  kube::Client client_{kube_};
  kube::LeaseLock leader_;
  std::function<void()> on_sleep_;
  bool asked_to_end_ = false;
};

TEST_F(UninstallTest, TakesOurFinalizerOffEveryObjectAndLeavesOthers) {
  json connection = ApiConnection("sales", "other");
  connection["metadata"]["finalizers"] = {"example.com/backup",
                                          std::string(model::kFinalizer)};
  kube_.Apply(kube::kConnections, connection);
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->released, 4u);
  EXPECT_EQ(done->unrevoked, 0u);
  EXPECT_EQ(Finalizers(kube::kConnections, {"sales", "warehouse"}),
            json::array());
  EXPECT_EQ(Finalizers(kube::kGrants, {"sales", "nightly"}), json::array());
  EXPECT_EQ(Finalizers(kube::kGroups, {"", "finance"}), json::array());
  EXPECT_EQ(Finalizers(kube::kConnections, {"sales", "other"}),
            json::array({"example.com/backup"}));
}

TEST_F(UninstallTest, TheLeaderHasStoppedBeforeTheFirstFinalizerGoes) {
  bool leads_still = true;
  kube_.SetHook(
      [&](const kube::Request& request,
          FakeKube::When when) -> std::optional<Result<kube::Response>> {
        if (when == FakeKube::When::kBefore &&
            request.body.find("finalizers") != std::string::npos) {
          leads_still = leader_.Leads(clock_.SteadyNow());
        }
        return std::nullopt;
      });
  ASSERT_TRUE(Run());
  EXPECT_FALSE(leads_still);
}

TEST_F(UninstallTest, NobodyLeadsAgainForTwoMinutes) {
  ASSERT_TRUE(Run());
  EXPECT_FALSE(Step().leads);
  clock_.Advance(seconds(119));
  EXPECT_FALSE(Step().leads);
  clock_.Advance(seconds(2));
  EXPECT_TRUE(Step().leads);
}

TEST_F(UninstallTest, ALeaderThatRenewsAtThatMomentIsReadAgain) {
  int renewals = 3;
  kube_.SetHook(
      [&](const kube::Request& request,
          FakeKube::When when) -> std::optional<Result<kube::Response>> {
        const bool takes = request.body.find("uninstall") != std::string::npos;
        if (when == FakeKube::When::kBefore && takes && renewals > 0) {
          --renewals;
          clock_.Advance(milliseconds(1));
          EXPECT_TRUE(Step().leads);
        }
        return std::nullopt;
      });
  ASSERT_TRUE(Run());
  EXPECT_EQ(renewals, 0);
  EXPECT_FALSE(Step().leads);
}

TEST_F(UninstallTest, ADeletionUnderWayEndsProperlyFirst) {
  kube_.Delete(kube::kGrants, {"sales", "nightly"});
  on_sleep_ = [this] {
    on_sleep_ = nullptr;
    // As the operator does once the access is out of Vault.
    json grant = kube_.Peek(kube::kGrants, {"sales", "nightly"});
    EXPECT_EQ(grant["metadata"]["finalizers"].size(), 1u);
    EXPECT_TRUE(client_.PatchFinalizers(
        kube::kGrants, {"sales", "nightly"}, {},
        std::string(grant["metadata"]["resourceVersion"])));
  };
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->released, 2u);
  EXPECT_EQ(done->unrevoked, 0u);
}

TEST_F(UninstallTest, ADeletionThatDoesNotEndIsSaidAndEndedAnyway) {
  kube_.Delete(kube::kGrants, {"sales", "nightly"});
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->unrevoked, 1u);
  EXPECT_TRUE(kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
}

TEST_F(UninstallTest, WhatIsRefusedIsSaid) {
  kube_.Answer("PATCH /apis/claviger.io", 403, 1);
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message,
              HasSubstr("take our finalizer off Connection sales/warehouse"));
}

// The leader starts anew when it lost its lease, and its webhook with it.
TEST_F(UninstallTest, AWebhookThatIsAwayForAMomentIsWaitedFor) {
  kube_.Answer("PATCH /apis/claviger.io", 500, 7);
  const auto done = Run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->released, 3u);
}

TEST_F(UninstallTest, AWebhookThatStaysAwayIsSaid) {
  kube_.Answer("PATCH /apis/claviger.io", 500, 1'000);
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message,
              HasSubstr("take our finalizer off Connection sales/warehouse"));
}

TEST_F(UninstallTest, EndsWhenItIsAskedTo) {
  asked_to_end_ = true;
  const auto done = Run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(Finalizers(kube::kGroups, {"", "finance"}).size(), 1u);
}

TEST_F(UninstallTest, MayBeRepeated) {
  ASSERT_TRUE(Run());
  const auto again = Run();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->released, 0u);
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// From objects at the API server to Vault, and back to their status.
#include "unit/operator/kube/cluster_fixture.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ClusterTest : public ClusterFixture {
 protected:
  ClusterTest() {
    Apply(ApiConnection("sales", "warehouse"));
    Apply(ApiGrant("sales", "nightly", "warehouse"));
    Start();
  }
  std::string Ready(const std::string& grant) {
    return Condition(kube::kGrants, "sales", grant, "Ready");
  }
};

TEST_F(ClusterTest, AnAppliedGrantIsInVaultAndReady) {
  Settle();
  EXPECT_THAT(Policy("sa.reports.nightly"),
              HasSubstr("secret/data/sales/warehouse"));
  EXPECT_EQ(Ready("nightly"), "True/Ready");
  EXPECT_EQ(Condition(kube::kConnections, "sales", "warehouse", "Ready"),
            "True/Ready");
  const auto stored = kube_.Peek(kube::kConnections, {"sales", "warehouse"});
  EXPECT_EQ(stored["status"]["grants"], 1);
  EXPECT_EQ(stored["status"]["principals"], 2);
}

TEST_F(ClusterTest, TheFinalizerIsThereBeforeTheFirstWriteInVault) {
  int written_by_then = 0;
  int finalizers = 0;
  kube_.SetHook(
      [&](const kube::Request& request,
          FakeKube::When when) -> std::optional<Result<kube::Response>> {
        const bool puts_it_on =
            request.body.find(model::kFinalizer) != std::string::npos;
        if (when == FakeKube::When::kAfter && puts_it_on) {
          written_by_then = vault_.writes();
          ++finalizers;
        }
        return std::nullopt;
      });
  Settle();
  EXPECT_EQ(finalizers, 2);
  EXPECT_EQ(written_by_then, 0);
  EXPECT_EQ(Ready("nightly"), "True/Ready");
}

// The status writer, or anybody, changes the object between our look and our
// write; a change of status is no reason to look again.
TEST_F(ClusterTest, AWriteInBetweenDoesNotLeaveAnObjectUnprotected) {
  bool interfered = false;
  kube_.SetHook([&](const kube::Request& request, FakeKube::When when)
                    -> std::optional<Result<kube::Response>> {
    const bool puts_it_on =
        request.body.find(model::kFinalizer) != std::string::npos;
    if (when == FakeKube::When::kBefore && puts_it_on && !interfered) {
      interfered = true;
      auto grant = kube_.Peek(kube::kGrants, {"sales", "nightly"});
      grant["metadata"]["annotations"] = {{"note", "x"}};
      kube_.Apply(kube::kGrants, grant);
      auto connection = kube_.Peek(kube::kConnections, {"sales", "warehouse"});
      connection["metadata"]["annotations"] = {{"note", "x"}};
      kube_.Apply(kube::kConnections, connection);
    }
    return std::nullopt;
  });
  operator_->Turn();
  EXPECT_TRUE(interfered);
  EXPECT_EQ(Ready("nightly"), "True/Ready");
}

TEST_F(ClusterTest, AtTheFixpointNothingIsWrittenAnywhere) {
  Settle();
  kube_.ResetLog();
  const int writes = vault_.writes();
  Settle();
  EXPECT_EQ(kube_.writes(), 0);
  EXPECT_EQ(vault_.writes(), writes);
}

TEST_F(ClusterTest, ARestartWithNothingToDoWritesNothing) {
  Settle();
  kube_.ResetLog();
  const int writes = vault_.writes();
  Start();
  Settle();
  EXPECT_EQ(kube_.writes(), 0);
  EXPECT_EQ(vault_.writes(), writes);
}

TEST_F(ClusterTest, ADeletedGrantIsOutOfVaultBeforeItIsGone) {
  Settle();
  Delete(kube::kGrants, "sales", "nightly");
  EXPECT_FALSE(kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
  Settle();
  EXPECT_TRUE(kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
  EXPECT_THAT(Policy("sa.reports.nightly"),
              Not(HasSubstr("secret/data/sales/warehouse")));
}

TEST_F(ClusterTest, WithVaultAwayADeletedGrantWaitsAndSoDoesItsFinalizer) {
  Settle();
  vault_.Refuse(" ", ErrorCode::kUnavailable);
  Delete(kube::kGrants, "sales", "nightly");
  Settle();
  EXPECT_FALSE(kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
  vault_.Heal();
  Settle();
  EXPECT_TRUE(kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
}

TEST_F(ClusterTest, ABlockedConnectionSaysWhoUsesItAndGoesAfterThem) {
  Settle();
  Delete(kube::kConnections, "sales", "warehouse");
  Settle();
  EXPECT_EQ(Condition(kube::kConnections, "sales", "warehouse", "Ready"),
            "False/DeletionBlocked");
  EXPECT_THAT(Policy("sa.reports.nightly"),
              HasSubstr("secret/data/sales/warehouse"));
  Delete(kube::kGrants, "sales", "nightly");
  Settle();
  EXPECT_TRUE(kube_.Peek(kube::kConnections, {"sales", "warehouse"}).is_null());
}

TEST_F(ClusterTest, EditsSuspensionAndExpiryTakeEffectAndShow) {
  auto grant = ApiGrant("sales", "nightly", "warehouse");
  grant["spec"]["suspended"] = true;
  Apply(grant);
  Settle();
  EXPECT_EQ(Ready("nightly"), "False/Suspended");
  EXPECT_THAT(Policy("sa.reports.nightly"), Not(HasSubstr("secret/data")));
  grant["spec"].erase("suspended");
  grant["spec"]["expiresAt"] =
      FormatRfc3339(clock_.Now() + std::chrono::hours(1));
  Apply(grant);
  Settle();
  EXPECT_EQ(Ready("nightly"), "True/Ready");
  clock_.Advance(std::chrono::hours(2));
  Settle();
  EXPECT_EQ(Ready("nightly"), "False/Expired");
  EXPECT_THAT(Policy("sa.reports.nightly"), Not(HasSubstr("secret/data")));
}

TEST_F(ClusterTest, VaultsTroubleShowsInTheStatusAndPasses) {
  vault_.Refuse(" ", ErrorCode::kUnavailable);
  Settle();
  EXPECT_EQ(Ready("nightly"), "False/VaultUnavailable");
  vault_.Heal();
  Settle();
  EXPECT_EQ(Ready("nightly"), "True/Ready");
}

TEST_F(ClusterTest, EventsComeWithChangesOnly) {
  Settle();
  const size_t events = kube_.PeekAll(kube::kEvents).size();
  EXPECT_EQ(events, 2U);  // one for each object
  Settle();
  EXPECT_EQ(kube_.PeekAll(kube::kEvents).size(), events);
}

TEST_F(ClusterTest, ARepairByHandIsAnnounced) {
  Settle();
  vault_.SetPolicy("claviger.prod.sa.reports.nightly",
                   R"({"path":{"secret/*":{"capabilities":["read"]}}})");
  operator_->reconciler().Suspect(100);
  Settle();
  EXPECT_THAT(Policy("sa.reports.nightly"), Not(HasSubstr("secret/*")));
  bool announced = false;
  for (const auto& event : kube_.PeekAll(kube::kEvents)) {
    announced = announced || event.value("reason", "") == "DriftRepaired";
  }
  EXPECT_TRUE(announced);
}

TEST_F(ClusterTest, WithoutLeadershipNothingIsWrittenToTheApiServer) {
  operator_->StopLeading();
  Settle();
  EXPECT_EQ(kube_.writes(), 0);
}

// A fault point at every call to the API server: the process dies there, and
// the next one brings everything to the same end.
TEST_F(ClusterTest, DyingAtAnyCallLeadsToTheSameEnd) {
  int survived = 0;
  for (int calls = 0; survived == 0; ++calls) {
    ASSERT_LT(calls, 500);
    for (const auto when : {FakeKube::When::kBefore, FakeKube::When::kAfter}) {
      FakeKube kube(clock_);
      FakeVault vault;
      const auto put = [&](const nlohmann::json& object) {
        kube.Apply(ResourceOf(object), WithoutFinalizer(object));
      };
      put(ApiConnection("sales", "warehouse"));
      put(ApiGrant("sales", "nightly", "warehouse"));
      put(ApiGrant("sales", "old", "warehouse"));
      OperatorProcess first(kube, vault, clock_);
      kube.DieAfter(calls, when);
      for (int i = 0; i < 3; ++i) first.Turn();
      kube.Delete(kube::kGrants, {"sales", "old"});
      for (int i = 0; i < 3; ++i) first.Turn();
      if (kube.Peek(kube::kGrants, {"sales", "old"}).is_null()) ++survived;
      kube.Heal();
      OperatorProcess second(kube, vault, clock_);
      for (int i = 0; i < 5; ++i) second.Turn();
      EXPECT_TRUE(kube.Peek(kube::kGrants, {"sales", "old"}).is_null())
          << "after " << calls;
      EXPECT_THAT(vault.Policy("claviger.prod.sa.reports.nightly"),
                  HasSubstr("secret/data/sales/warehouse"))
          << "after " << calls;
      kube.ResetLog();
      second.Turn();
      EXPECT_EQ(kube.writes(), 0) << "after " << calls;
    }
  }
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// `kubectl apply` to Vault and back: the operator as a process on a real API
// server and a real Vault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "cluster_bed.h"
#include "shared_bed.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string NightlyGrant(const std::string& more = "") {
  return GrantYaml("nightly", "reports/nightly", more);
}

class OperatorClusterTest : public SharedBedTest<ClusterBed> {
 protected:
  void Begin() override {
    name_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  // Nothing is left for the next test: the operator takes its finalizers off.
  void End() override {
    if (!operator_ || !operator_->Running()) StartOperator();
    for (const char* kind : {"Grant", "Connection"}) {
      const std::string name =
          std::string(kind) == "Grant" ? "nightly" : "warehouse";
      (void)bed_->Delete(kind, "sales", name);
      EXPECT_TRUE(ClusterBed::Await([&] {
        return bed_->Get(kind, "sales", name).is_null();
      })) << bed_->LogOf(name_);
    }
    operator_->Stop();
    EXPECT_EQ(bed_->Policy("sa.reports.nightly"), "");
  }

  void StartOperator(const std::string& more = "") {
    auto started = bed_->StartOperator(name_, more);
    ASSERT_TRUE(started) << started.error().message;
    operator_.emplace(*std::move(started));
  }
  void ApplyBoth() {
    Status done = bed_->Apply(WarehouseYaml());
    if (done) done = bed_->Apply(NightlyGrant());
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string AwaitGrant(const std::string& expected) {
    return bed_->AwaitCondition("Grant", "sales", "nightly", "Ready", expected);
  }

  std::string name_;
  std::optional<Process> operator_;
};

TEST_F(OperatorClusterTest, AnAppliedGrantLetsARealTokenReadItsSlotAndNoOther) {
  StartOperator();
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  EXPECT_EQ(bed_->AwaitCondition("Connection", "sales", "warehouse", "Ready",
                                 "True/Ready"),
            "True/Ready");
  const auto token = bed_->LogIn("reports", "nightly");
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(bed_->Read(*token, "secret/data/sales/warehouse"), 200);
  EXPECT_EQ(bed_->Read(*token, "secret/data/sales/other"), 403);
  EXPECT_EQ(
      bed_->Read(*token, "claviger/data/prod/bindings/sa.reports.nightly"),
      200);
  EXPECT_FALSE(bed_->LogIn("finance", "closer"));
}

TEST_F(OperatorClusterTest, EditSuspendExpireAndDeleteTakeEffectInVault) {
  StartOperator();
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  const auto token = bed_->LogIn("reports", "nightly");
  ASSERT_TRUE(token);
  const auto status = [&] {
    return bed_->Read(*token, "secret/data/sales/warehouse");
  };
  ASSERT_TRUE(bed_->Apply(NightlyGrant("  suspended: true\n")));
  EXPECT_EQ(AwaitGrant("False/Suspended"), "False/Suspended");
  EXPECT_EQ(status(), 403);
  ASSERT_TRUE(bed_->Apply(NightlyGrant("  suspended: false\n")));
  EXPECT_EQ(AwaitGrant("True/Ready"), "True/Ready");
  EXPECT_EQ(status(), 200);
  ASSERT_TRUE(
      bed_->Apply(NightlyGrant("  expiresAt: \"2020-01-01T00:00:00Z\"\n")));
  EXPECT_EQ(AwaitGrant("False/Expired"), "False/Expired");
  EXPECT_EQ(status(), 403);
  ASSERT_TRUE(
      bed_->Apply(NightlyGrant("  expiresAt: \"2120-01-01T00:00:00Z\"\n")));
  EXPECT_EQ(AwaitGrant("True/Ready"), "True/Ready");
  ASSERT_TRUE(bed_->Delete("Grant", "sales", "nightly"));
  ASSERT_TRUE(ClusterBed::Await(
      [&] { return bed_->Get("Grant", "sales", "nightly").is_null(); }));
  EXPECT_EQ(status(), 403);
}

TEST_F(OperatorClusterTest, ABlockedConnectionStaysUntilItsGrantsAreGone) {
  StartOperator();
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  ASSERT_TRUE(bed_->Delete("Connection", "sales", "warehouse"));
  EXPECT_EQ(bed_->AwaitCondition("Connection", "sales", "warehouse", "Ready",
                                 "False/DeletionBlocked"),
            "False/DeletionBlocked");
  EXPECT_EQ(AwaitGrant("True/Ready"), "True/Ready");
}

TEST_F(OperatorClusterTest, ARestartWithNothingToDoWritesNothing) {
  StartOperator();
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  operator_->Stop();
  const nlohmann::json before = bed_->Get("Grant", "sales", "nightly");
  name_ += "-again";
  StartOperator();
  ASSERT_TRUE(operator_->WaitForLine("reconciling", kPatience));
  ASSERT_TRUE(bed_->Apply(WarehouseYaml()));  // no change: nothing to do either
  ASSERT_TRUE(ClusterBed::Await([&] {
    return bed_->LogOf(name_).find("pass done") != std::string::npos;
  })) << bed_->LogOf(name_);
  EXPECT_EQ(
      bed_->Get("Grant", "sales", "nightly")["metadata"]["resourceVersion"],
      before["metadata"]["resourceVersion"]);
  EXPECT_THAT(bed_->LogOf(name_), Not(HasSubstr("written in vault")));
}

TEST_F(OperatorClusterTest, SurvivesBeingKilledAtOnceAfterAnApply) {
  StartOperator();
  ASSERT_TRUE(operator_->WaitForLine("reconciling", kPatience));
  ApplyBoth();
  operator_->Signal(SIGKILL);
  ASSERT_TRUE(operator_->WaitForExit(kPatience));
  StartOperator();
  EXPECT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
}

TEST_F(OperatorClusterTest, SealedVaultShowsAndPassesWithoutARestart) {
  StartOperator();
  ASSERT_TRUE(operator_->WaitForLine("reconciling", kPatience));
  ASSERT_TRUE(bed_->vault().Seal());
  ApplyBoth();
  EXPECT_EQ(AwaitGrant("False/VaultSealed"), "False/VaultSealed")
      << bed_->LogOf(name_);
  ASSERT_TRUE(bed_->vault().Unseal());
  EXPECT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
}

TEST_F(OperatorClusterTest, APolicyChangedByHandIsRepairedWithAnEvent) {
  StartOperator("webhook: {enabled: false}\nintervals: {driftSeconds: 1}\n");
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  ASSERT_TRUE(bed_->vault().Call(
      "POST", "sys/policies/acl/claviger.prod.sa.reports.nightly",
      R"({"policy":"{\"path\":{\"secret/*\":{\"capabilities\":[\"read\"]}}}"})"));
  EXPECT_TRUE(ClusterBed::Await([&] {
    return bed_->Policy("sa.reports.nightly").find("secret/*") ==
           std::string::npos;
  })) << bed_->LogOf(name_);
  EXPECT_TRUE(ClusterBed::Await([&] {
    const auto events =
        bed_->kube().Call("GET", "/api/v1/namespaces/sales/events");
    return events && events->body.find("DriftRepaired") != std::string::npos;
  }));
}

// No controller ends namespaces here: what it would do is done by hand.
TEST_F(OperatorClusterTest, ANamespaceEndsWithoutVaultAndItsAccessLater) {
  const std::string more =
      "webhook: {enabled: false}\n"
      "safety: {namespaceDeletionWaitSeconds: 1}\n";
  const std::string doomed = "/api/v1/namespaces/doomed";
  const auto pending = [] {
    const auto map =
        bed_->kube().Call("GET",
                          "/api/v1/namespaces/claviger-system/configmaps/"
                          "claviger-operator-revocations");
    if (!map || !map->ok()) return std::string();
    return nlohmann::json::parse(map->body).value(
        "/data/pending.json"_json_pointer, std::string());
  };
  ASSERT_TRUE(bed_->kube().Call(
      "POST", "/api/v1/namespaces",
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"doomed"}})"));
  StartOperator(more);
  for (std::string yaml : {WarehouseYaml(), NightlyGrant()}) {
    yaml.replace(yaml.find("namespace: sales"), 16, "namespace: doomed");
    const size_t path = yaml.find("sales/warehouse");
    if (path != std::string::npos) yaml.replace(path, 5, "doomed");
    ASSERT_TRUE(bed_->Apply(yaml));
  }
  ASSERT_EQ(
      bed_->AwaitCondition("Grant", "doomed", "nightly", "Ready", "True/Ready"),
      "True/Ready")
      << bed_->LogOf(name_);
  ASSERT_TRUE(bed_->vault().Seal());
  ASSERT_TRUE(bed_->kube().Call("DELETE", doomed));
  for (const auto& [kind, name] : std::vector<std::array<std::string, 2>>{
           {"Grant", "nightly"}, {"Connection", "warehouse"}}) {
    ASSERT_TRUE(bed_->Delete(kind, "doomed", name));
    EXPECT_TRUE(ClusterBed::Await([&, kind = kind, name = name] {
      return bed_->Get(kind, "doomed", name).is_null();
    })) << bed_->LogOf(name_);
  }
  EXPECT_THAT(pending(), HasSubstr("nightly"));
  ASSERT_TRUE(bed_->kube().Call(
      "PUT", doomed + "/finalize",
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"doomed"},)"
      R"("spec":{"finalizers":[]}})"));
  // Somebody else carries it out.
  operator_->Stop();
  name_ += "-again";
  StartOperator(more);
  ASSERT_TRUE(bed_->vault().Unseal());
  EXPECT_TRUE(ClusterBed::Await([&] {
    return bed_->Policy("sa.reports.nightly").empty();
  })) << bed_->LogOf(name_);
  EXPECT_TRUE(ClusterBed::Await([&] { return pending() == "[]"; }))
      << bed_->LogOf(name_);
}

// A leader that was paused for longer than its lease: it may not even finish
// what it was about to write.
TEST_F(OperatorClusterTest, APausedLeaderThatIsContinuedWritesNothing) {
  StartOperator();
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  auto second = bed_->StartOperator(name_ + "-2");
  ASSERT_TRUE(second) << second.error().message;
  operator_->Signal(SIGSTOP);
  ASSERT_TRUE(second->WaitForLine("leading", kPatience));
  ASSERT_TRUE(second->WaitForLine("reconciling", kPatience))
      << bed_->LogOf(name_ + "-2");
  ASSERT_TRUE(bed_->Apply(NightlyGrant("  suspended: true\n")));
  EXPECT_EQ(AwaitGrant("False/Suspended"), "False/Suspended")
      << bed_->LogOf(name_ + "-2");
  const std::string before = bed_->LogOf(name_);
  operator_->Signal(SIGCONT);
  EXPECT_EQ(operator_->WaitForExit(kPatience), 1);
  const std::string since = bed_->LogOf(name_).substr(before.size());
  EXPECT_THAT(since, Not(HasSubstr("written in vault")));
  EXPECT_EQ(AwaitGrant("False/Suspended"), "False/Suspended");
  EXPECT_EQ(bed_->Policy("sa.reports.nightly").find("secret/data"),
            std::string::npos);
  EXPECT_EQ(second->Stop(), 0);
}

TEST_F(OperatorClusterTest, StandbyTakesOverAndOnlyOneWrites) {
  StartOperator();
  ASSERT_TRUE(operator_->WaitForLine("leading", kPatience));
  auto second = bed_->StartOperator(name_ + "-2");
  ASSERT_TRUE(second) << second.error().message;
  ApplyBoth();
  ASSERT_EQ(AwaitGrant("True/Ready"), "True/Ready") << bed_->LogOf(name_);
  EXPECT_THAT(bed_->LogOf(name_ + "-2"), Not(HasSubstr("\"leading\"")));
  EXPECT_EQ(operator_->Stop(), 0) << bed_->LogOf(name_);
  ASSERT_TRUE(second->WaitForLine("leading", kPatience));
  ASSERT_TRUE(bed_->Apply(NightlyGrant("  suspended: true\n")));
  EXPECT_EQ(AwaitGrant("False/Suspended"), "False/Suspended")
      << bed_->LogOf(name_ + "-2");
  EXPECT_EQ(second->Stop(), 0);
}

}  // namespace
}  // namespace claviger::testing

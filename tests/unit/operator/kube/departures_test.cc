// SPDX-License-Identifier: Apache-2.0
//
// A namespace that is deleted while Vault is away: it finishes, and its access
// ends when Vault is back, whoever leads by then.
#include "operator/kube/departures.h"

#include "unit/operator/kube/cluster_fixture.h"

namespace claviger::testing {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSlot[] = "secret/data/sales/warehouse";
const kube::ObjectName kMap{"claviger-system", "claviger-operator-revocations"};

class DeparturesTest : public ClusterFixture {
 protected:
  DeparturesTest() {
    Apply(ApiConnection("sales", "warehouse"));
    Apply(ApiGrant("sales", "nightly", "warehouse"));
    kube_.Apply(kube::kNamespaces, KubeObject("", "claviger-system"));
    Start();
    Settle();
  }
  /// As a user does and the namespace controller follows.
  void EndNamespace() {
    nlohmann::json ns = kube_.Peek(kube::kNamespaces, {"", "sales"});
    ns["metadata"]["finalizers"] = {"kubernetes"};
    kube_.Apply(kube::kNamespaces, ns);
    kube_.Delete(kube::kNamespaces, {"", "sales"});
    DeleteBoth();
  }
  void DeleteBoth() {
    Delete(kube::kGrants, "sales", "nightly");
    Delete(kube::kConnections, "sales", "warehouse");
  }
  void LoseVault() { vault_.Refuse(" ", ErrorCode::kUnavailable); }
  void LoseVaultFor(minutes time) {
    LoseVault();
    Settle();
    clock_.Advance(time);
    Settle();
  }
  bool AreGone() {
    return kube_.Peek(kube::kGrants, {"sales", "nightly"}).is_null() &&
           kube_.Peek(kube::kConnections, {"sales", "warehouse"}).is_null();
  }
  std::string WrittenDown() {
    const nlohmann::json map = kube_.Peek(kube::kConfigMaps, kMap);
    return map.is_null() ? "" : map["data"]["pending.json"].get<std::string>();
  }
  void ExpectAccessEnds() {
    vault_.Heal();
    Settle();
    EXPECT_THAT(Policy("sa.reports.nightly"), Not(HasSubstr(kSlot)));
    EXPECT_EQ(WrittenDown(), "[]");
  }
};

TEST_F(DeparturesTest, ItFinishesAndItsAccessEndsWhenVaultIsBack) {
  EndNamespace();
  LoseVaultFor(minutes(5));
  EXPECT_TRUE(AreGone());
  EXPECT_THAT(Policy("sa.reports.nightly"), HasSubstr(kSlot));
  EXPECT_THAT(WrittenDown(), HasSubstr(R"("name":"nightly")"));
  EXPECT_THAT(WrittenDown(), Not(HasSubstr("secret")));
  ExpectAccessEnds();
}

TEST_F(DeparturesTest, AnotherProcessEndsIt) {
  EndNamespace();
  LoseVaultFor(minutes(5));
  ASSERT_TRUE(AreGone());
  Start();
  Settle();
  EXPECT_THAT(WrittenDown(), HasSubstr("nightly"));
  ExpectAccessEnds();
}

// It cannot even claim its name in Vault.
TEST_F(DeparturesTest, AProcessThatStartsWithoutVaultLetsThemGo) {
  EndNamespace();
  LoseVault();
  Start();
  operator_->Wait();
  EXPECT_FALSE(AreGone());
  clock_.Advance(minutes(5));
  operator_->Wait();
  EXPECT_TRUE(AreGone());
  ExpectAccessEnds();
}

TEST_F(DeparturesTest, NothingGoesBeforeTheTime) {
  EndNamespace();
  LoseVaultFor(minutes(4));
  EXPECT_FALSE(AreGone());
  EXPECT_EQ(WrittenDown(), "");
}

TEST_F(DeparturesTest, InALivingNamespaceADeletionWaitsForVault) {
  DeleteBoth();
  LoseVaultFor(minutes(60));
  EXPECT_FALSE(AreGone());
  EXPECT_EQ(WrittenDown(), "");
}

TEST_F(DeparturesTest, NothingGoesBeforeItIsWrittenDown) {
  EndNamespace();
  kube_.Answer("POST /api/v1/namespaces/claviger-system/configmaps", 500, 100);
  LoseVaultFor(minutes(5));
  EXPECT_FALSE(AreGone());
  kube_.Heal();
  Settle();
  EXPECT_TRUE(AreGone());
  ExpectAccessEnds();
}

TEST_F(DeparturesTest, AnObjectMadeAnewMeanwhileKeepsItsAccess) {
  EndNamespace();
  LoseVaultFor(minutes(5));
  ASSERT_TRUE(AreGone());
  nlohmann::json ns = kube_.Peek(kube::kNamespaces, {"", "sales"});
  ns["metadata"]["finalizers"] = nlohmann::json::array();
  kube_.Apply(kube::kNamespaces, ns);
  for (const char* kind : {"connection", "grant"}) {
    nlohmann::json again = std::string(kind) == "grant"
                               ? ApiGrant("sales", "nightly", "warehouse")
                               : ApiConnection("sales", "warehouse");
    Apply(again);
  }
  vault_.Heal();
  Settle();
  EXPECT_THAT(Policy("sa.reports.nightly"), HasSubstr(kSlot));
  EXPECT_EQ(WrittenDown(), "[]");
}

// A fault point at every call to the API server while it goes.
TEST_F(DeparturesTest, DyingAtAnyCallLosesNoRevocation) {
  int survived = 0;
  for (int calls = 0; survived == 0; ++calls) {
    ASSERT_LT(calls, 200);
    for (const auto when : {FakeKube::When::kBefore, FakeKube::When::kAfter}) {
      FakeKube kube(clock_);
      FakeVault vault;
      kube.Apply(kube::kNamespaces, KubeObject("", "claviger-system"));
      kube.Apply(kube::kConnections,
                 WithoutFinalizer(ApiConnection("sales", "warehouse")));
      kube.Apply(kube::kGrants,
                 WithoutFinalizer(ApiGrant("sales", "nightly", "warehouse")));
      OperatorProcess first(kube, vault, clock_);
      for (int i = 0; i < 3; ++i) first.Turn();
      ASSERT_THAT(vault.Policy("claviger.prod.sa.reports.nightly"),
                  HasSubstr(kSlot));
      nlohmann::json ns = kube.Peek(kube::kNamespaces, {"", "sales"});
      ns["metadata"]["finalizers"] = {"kubernetes"};
      kube.Apply(kube::kNamespaces, ns);
      kube.Delete(kube::kNamespaces, {"", "sales"});
      kube.Delete(kube::kGrants, {"sales", "nightly"});
      kube.Delete(kube::kConnections, {"sales", "warehouse"});
      vault.Refuse(" ", ErrorCode::kUnavailable);
      first.Turn();
      clock_.Advance(minutes(5));
      kube.DieAfter(calls, when);
      for (int i = 0; i < 3; ++i) first.Turn();
      if (kube.Peek(kube::kConnections, {"sales", "warehouse"}).is_null()) {
        ++survived;
      }
      kube.Heal();
      OperatorProcess second(kube, vault, clock_);
      second.Turn();
      vault.Heal();
      for (int i = 0; i < 5; ++i) second.Turn();
      EXPECT_TRUE(kube.Peek(kube::kGrants, {"sales", "nightly"}).is_null());
      EXPECT_THAT(vault.Policy("claviger.prod.sa.reports.nightly"),
                  Not(HasSubstr(kSlot)))
          << "after " << calls;
    }
  }
}

}  // namespace
}  // namespace claviger::testing

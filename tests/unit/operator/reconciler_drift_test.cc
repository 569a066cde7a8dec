// SPDX-License-Identifier: Apache-2.0
//
// What was changed behind our back is found by reading again, and restored.
#include <nlohmann/json.hpp>

#include "operator/reconciler.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kPolicy[] = "claviger.prod.sa.reports.nightly";
constexpr char kRole[] = "claviger/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/prod/bindings/sa.reports.nightly";
constexpr char kEpoch[] = "claviger/prod/ledger/epoch";

class ReconcilerDriftTest : public ReconcilerFixture {
 protected:
  void SetUp() override {
    Pass(Quickstart());
    settled_ = vault_.Dump();
    vault_.ResetCounts();
  }
  /// One full round of reading again.
  op::PassReport CheckAll() {
    while (!(*process_)->Suspect(2)) {
    }
    return (*process_)->Continue(kNow);
  }
  void ExpectRestored(const op::PassReport& report) {
    EXPECT_EQ(vault_.Dump(), settled_);
    ASSERT_THAT(report.changes, ::testing::Not(IsEmpty()));
    for (const op::Change& change : report.changes) {
      EXPECT_TRUE(change.drift) << change.name;
    }
    EXPECT_THAT(report.conflicts, IsEmpty());
  }

  /// What Vault holds but for the count of the epoch, which goes on.
  std::string DumpWithoutEpoch() const {
    auto dump = nlohmann::json::parse(vault_.Dump());
    EXPECT_EQ(dump["secrets"].erase(kEpoch), 1u);
    return dump.dump(1);
  }

  std::string settled_;
};

TEST_F(ReconcilerDriftTest, ReadingAgainWritesNothingWhereNothingChanged) {
  const op::PassReport report = CheckAll();
  EXPECT_EQ(vault_.writes(), 0);
  EXPECT_GT(vault_.reads(), 10);
  EXPECT_EQ(report.writes(), 0u);
}

TEST_F(ReconcilerDriftTest, SuspectReadsNoMoreThanItSays) {
  EXPECT_FALSE((*process_)->Suspect(1));
  (*process_)->Continue(kNow);
  EXPECT_LE(vault_.reads(), 3);
}

TEST_F(ReconcilerDriftTest, EditedPolicyIsRestored) {
  vault_.SetPolicy(kPolicy, "{}");
  const op::PassReport report = CheckAll();
  ExpectRestored(report);
  EXPECT_THAT(report.changes, SizeIs(1));
}

TEST_F(ReconcilerDriftTest, DeletedPolicyIsRestored) {
  vault_.RemovePolicy(kPolicy);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, EditedRoleIsRestored) {
  nlohmann::json role = vault_.Role(kRole);
  role["bound_service_account_namespaces"] = {"*"};
  vault_.SetRole(kRole, role);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, FieldAddedToARoleGoes) {
  nlohmann::json role = vault_.Role(kRole);
  role["bound_service_account_namespace_selector"] = "{}";
  vault_.SetRole(kRole, role);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, EditedBindingsAreRestored) {
  nlohmann::json entry = vault_.Secret(kEntry);
  entry["document"]["bindings"] = nlohmann::json::array();
  vault_.SetSecret(kEntry, entry);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, OverwrittenBindingsAreRestored) {
  vault_.SetSecret(kEntry, {{"oops", 1}});
  CheckAll();
  EXPECT_EQ(vault_.Dump(), settled_);
}

TEST_F(ReconcilerDriftTest, DeletedBindingsAreRestored) {
  vault_.RemoveSecret(kEntry);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, BindingsDeletedButNotDestroyedAreRestored) {
  vault_.DeleteVersion(kEntry);
  ExpectRestored(CheckAll());
}

TEST_F(ReconcilerDriftTest, RightsGoEvenWhereTheirBookkeepingIsGone) {
  vault_.RemoveSecret(kEntry);
  model::Objects objects = Quickstart();
  objects.grants.erase(objects.grants.begin());
  Pass(objects);
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
  EXPECT_FALSE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerDriftTest, HandEditBeforeARestartIsRestoredToo) {
  vault_.SetPolicy(kPolicy, "{}");
  Restart();
  ExpectRestored(Pass(Quickstart()));
}

TEST_F(ReconcilerDriftTest, PrincipalsOfAnotherProcessAreFoundByTheRound) {
  // Left by a process that knew an object this one never saw.
  model::Objects more = Quickstart();
  more.service_accounts = {{"old", "account"}};
  Process other(vault_);
  other->Pass(more, kNow);
  EXPECT_NE(vault_.Dump(), settled_);
  CheckAll();
  EXPECT_EQ(vault_.Dump(), settled_);
}

TEST_F(ReconcilerDriftTest, EverythingIsReadAgainAfterAnOutage) {
  vault_.DieAfter(0, FakeVault::Fault::kBefore, ErrorCode::kSealed);
  (*process_)->Suspect(1);
  const op::PassReport report = (*process_)->Continue(kNow);
  ASSERT_TRUE(report.interrupted);
  EXPECT_EQ(report.interrupted->code, ErrorCode::kSealed);
  // Vault comes back from an older snapshot.
  vault_.Heal();
  vault_.SetPolicy("claviger.prod.sa.finance.closer", "older");
  EXPECT_TRUE((*process_)->Continue(kNow).settled());
  EXPECT_EQ(vault_.Dump(), settled_);
}

// No call failed, and only one principal is looked at: the epoch tells.
TEST_F(ReconcilerDriftTest, AVaultRestoredFromASnapshotIsReadAgainAsAWhole) {
  const FakeVault snapshot = vault_;
  model::Objects fewer = Quickstart();
  fewer.grants.clear();
  ASSERT_TRUE(Pass(fewer).settled());
  const std::string after = DumpWithoutEpoch();
  vault_ = snapshot;  // from before the revocation
  (*process_)->Suspect(1);
  EXPECT_TRUE((*process_)->Continue(kNow).settled());
  EXPECT_EQ(DumpWithoutEpoch(), after);
}

TEST_F(ReconcilerDriftTest, AnEpochDeletedByHandIsMadeAnew) {
  const std::string settled = DumpWithoutEpoch();
  for (const bool whole : {false, true}) {
    if (whole) {
      vault_.RemoveSecret(kEpoch);
    } else {
      vault_.DeleteVersion(kEpoch);
    }
    (*process_)->Suspect(1);
    model::Objects fewer = Quickstart();
    fewer.grants.pop_back();
    EXPECT_TRUE(Pass(fewer).settled());
    EXPECT_TRUE(Pass(Quickstart()).settled());
    EXPECT_EQ(DumpWithoutEpoch(), settled);
  }
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Many principals at once: names are listed instead of read one by one, what
// entries vouch for is compared afterwards, and nothing foreign is adopted.
#include "operator/reconciler.h"

#include <algorithm>

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kPolicy[] = "claviger.prod.sa.reports.nightly";
constexpr char kRole[] = "claviger/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/prod/bindings/sa.reports.nightly";

class ReconcilerListingTest : public ReconcilerFixture {
 protected:
  ReconcilerListingTest() { Restart(Listing()); }

  static op::ReconcilerSettings Listing() {
    op::ReconcilerSettings settings = TestSettings();
    settings.many = 1;
    return settings;
  }
  /// Everything settled by another process, and one that knows nothing yet.
  void Begin() {
    ASSERT_TRUE(Pass(Quickstart()).settled());
    settled_ = vault_.Dump();
    Restart(Listing());
    vault_.ResetCounts();
  }
  int Count(const std::string& what) const {
    return static_cast<int>(std::count_if(
        vault_.log().begin(), vault_.log().end(),
        [&](const std::string& call) { return call.rfind(what, 0) == 0; }));
  }

  std::string settled_;
};

TEST_F(ReconcilerListingTest, WhatIsNotThereIsWrittenWithoutBeingRead) {
  EXPECT_TRUE(Pass(Quickstart()).settled());
  EXPECT_THAT(vault_.log(), Not(Contains(StartsWith("read sys/policies"))));
  EXPECT_THAT(vault_.log(), Not(Contains(StartsWith("read auth/"))));
  EXPECT_EQ(Count("read claviger/data/prod/bindings/"), 0);
  EXPECT_EQ(Count("list"), 6);  // bindings twice, inventories, and the three
  EXPECT_TRUE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerListingTest, SameEndAsByReading) {
  Pass(Quickstart());
  FakeVault other;
  Process(other)->Pass(Quickstart(), kNow);
  EXPECT_EQ(vault_.Dump(), other.Dump());
}

TEST_F(ReconcilerListingTest, ForeignPolicyIsAConflict) {
  vault_.SetPolicy(kPolicy, "theirs");
  EXPECT_THAT(Pass(Quickstart()).conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Policy(kPolicy), "theirs");
  EXPECT_FALSE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerListingTest, ForeignRoleIsAConflict) {
  vault_.SetRole(kRole, {{"audience", "theirs"}});
  EXPECT_THAT(Pass(Quickstart()).conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Role(kRole), nlohmann::json({{"audience", "theirs"}}));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
}

TEST_F(ReconcilerListingTest, ForeignEntryIsAConflict) {
  vault_.SetSecret(kEntry, {{"theirs", true}});
  EXPECT_THAT(Pass(Quickstart()).conflicts, SizeIs(1));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
}

// A stranger who comes between the list and the write.
struct Intruder final : vault::Api {
  explicit Intruder(FakeVault& v) : vault(v) {}
  Result<vault::Answer> Do(const vault::Call& call) override {
    auto answer = vault.Do(call);
    const bool lists = call.verb == vault::Verb::kList &&
                       call.path == "claviger/metadata/prod/bindings";
    // The first one is for what nobody wants any more.
    if (lists && ++lists_seen == 2) {
      vault.SetSecret(kEntry, {{"theirs", true}});
    }
    return answer;
  }
  FakeVault& vault;
  int lists_seen = 0;
};

TEST_F(ReconcilerListingTest, EntryThatComesAfterTheListIsAConflict) {
  Intruder intruder(vault_);
  op::FixedToken token{Secret("root")};
  op::VaultStore store(intruder, token, "claviger");
  op::Reconciler reconciler(Listing(), store);
  const op::PassReport report = reconciler.Pass(Quickstart(), kNow);
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_THAT(report.conflicts[0].what, HasSubstr("sa.reports.nightly"));
  EXPECT_EQ(vault_.Secret(kEntry), nlohmann::json({{"theirs", true}}));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
  EXPECT_FALSE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerListingTest, WhereListsAreRefusedEachIsRead) {
  vault_.Refuse("list sys/policies");
  vault_.SetPolicy("claviger.prod.sa.finance.closer", "theirs");
  const op::PassReport report = Pass(Quickstart());
  ASSERT_TRUE(report.unlisted);
  EXPECT_EQ(report.unlisted->code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(report.settled());
  EXPECT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Policy("claviger.prod.sa.finance.closer"), "theirs");
  EXPECT_TRUE(vault_.HasRole(kRole));
  EXPECT_EQ(Count("read sys/policies"), Count("read claviger/data/prod/bi"));
  // Asked for once in a process.
  EXPECT_EQ(Count("list sys/policies"), 1);
  model::Objects more = Quickstart();
  more.service_accounts = {{"new", "comer"}};
  EXPECT_TRUE(Pass(more).settled());
  EXPECT_EQ(Count("list sys/policies"), 1);
}

TEST_F(ReconcilerListingTest, VaultThatGoesAwayInTheListEndsThePass) {
  vault_.Refuse("list sys/policies", ErrorCode::kUnavailable);
  const op::PassReport report = Pass(Quickstart());
  EXPECT_TRUE(report.interrupted);
  EXPECT_FALSE(report.unlisted);
  vault_.Heal();
  EXPECT_TRUE((*process_)->Continue(kNow).settled());
  EXPECT_TRUE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerListingTest, FewAreReadWithoutAList) {
  op::ReconcilerSettings settings = TestSettings();
  settings.many = 100;
  Restart(settings);
  Pass(Quickstart());
  EXPECT_EQ(Count("list sys/policies"), 0);
}

TEST_F(ReconcilerListingTest, RestartReadsEntriesAndComparesTheRestAfterwards) {
  Begin();
  const op::PassReport first = Pass(Quickstart());
  EXPECT_TRUE(first.settled());
  EXPECT_TRUE(first.put_off);
  EXPECT_EQ(Count("read sys/policies"), 0);
  EXPECT_EQ(Count("read auth/"), 0);
  const int entries = Count("read claviger/data/prod/bindings/");
  EXPECT_GT(entries, 2);
  const op::PassReport second = (*process_)->Continue(kNow);
  EXPECT_TRUE(second.settled());
  EXPECT_FALSE(second.put_off);
  EXPECT_EQ(Count("read sys/policies"), entries);
  EXPECT_EQ(vault_.writes(), 0);
  vault_.ResetCounts();
  (*process_)->Continue(kNow);
  EXPECT_EQ(vault_.calls(), 0);
}

TEST_F(ReconcilerListingTest, HandEditBeforeARestartIsRestoredAfterwards) {
  Begin();
  vault_.SetPolicy(kPolicy, "{}");
  nlohmann::json role = vault_.Role(kRole);
  role["bound_service_account_namespaces"] = {"*"};
  vault_.SetRole(kRole, role);
  Pass(Quickstart());
  const op::PassReport report = (*process_)->Continue(kNow);
  EXPECT_EQ(vault_.Dump(), settled_);
  ASSERT_THAT(report.changes, SizeIs(2));
  for (const op::Change& change : report.changes) EXPECT_TRUE(change.drift);
}

TEST_F(ReconcilerListingTest, WhatIsNotThereIsRestoredAtOnce) {
  Begin();
  vault_.RemovePolicy(kPolicy);
  vault_.RemoveRole("claviger/claviger.prod.sa.finance.closer");
  EXPECT_TRUE(Pass(Quickstart()).settled());
  EXPECT_EQ(vault_.Dump(), settled_);
}

TEST_F(ReconcilerListingTest, EditGoesAheadOfWhatWasPutOff) {
  Begin();
  Pass(Quickstart());
  vault_.SetPolicy(kPolicy, "{}");
  auto grant = std::make_shared<model::Grant>(Quickstart().grants[0]);
  grant->suspended = true;
  const op::PassReport report = (*process_)->Edit({{}, {grant}, {}, {}}, kNow);
  EXPECT_TRUE(report.settled());
  EXPECT_TRUE(report.put_off);  // the others'
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
  EXPECT_NE(vault_.Policy(kPolicy), "{}");
  EXPECT_FALSE((*process_)->Continue(kNow).put_off);
}

}  // namespace
}  // namespace claviger::testing

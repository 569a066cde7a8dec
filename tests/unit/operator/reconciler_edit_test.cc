// SPDX-License-Identifier: Apache-2.0
//
// Edits: the same outcome as a pass over everything, by looking at a few, and
// ahead of a pass under way.
#include <atomic>

#include "operator/crew.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using access::Edits;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

Edits Saved(const model::Grant& grant) {
  Edits edits;
  edits.grants = {std::make_shared<const model::Grant>(grant)};
  return edits;
}

class ReconcilerEditTest : public ReconcilerFixture {
 protected:
  op::PassReport Edit(const Edits& edits, Time now = kNow) {
    return (*process_)->Edit(edits, now);
  }
};

TEST_F(ReconcilerEditTest, DoesNothingBeforeTheFirstPass) {
  EXPECT_EQ(Edit(Saved(Quickstart().grants[0])).writes(), 0U);
}

TEST_F(ReconcilerEditTest, WritesOnlyForWhomTheGrantNames) {
  Pass(Quickstart());
  model::Grant grant = Quickstart().grants[0];
  grant.suspended = true;
  const op::PassReport report = Edit(Saved(grant));
  EXPECT_TRUE(report.settled());
  EXPECT_FALSE(report.judged.whole);
  EXPECT_TRUE(report.judged.Covers({"sales", "warehouse"}));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
  EXPECT_THAT(CredentialPaths("sa.finance.closer"),
              ElementsAre("secret/data/sales/warehouse"));
  for (const op::Change& change : report.changes) {
    EXPECT_THAT(change.name, Not(::testing::HasSubstr("closer")));
  }
}

TEST_F(ReconcilerEditTest, LeavesNothingForAPassOverEverything) {
  model::Objects objects = Quickstart();
  Pass(objects);
  objects.grants[0].subjects = {Account("reports/weekly")};
  Edit(Saved(objects.grants[0]));
  EXPECT_THAT(CredentialPaths("sa.reports.weekly"),
              Contains("secret/data/sales/nightly"));
  // Nobody names it any more: its policy is gone.
  EXPECT_EQ(vault_.Policy("claviger.prod.sa.reports.nightly"), "");
  Restart();
  EXPECT_EQ(Pass(objects).writes(), 0U);
}

TEST_F(ReconcilerEditTest, AnEndedGrantLeavesATombstone) {
  model::Objects objects = Quickstart();
  objects.explains_deletions = true;
  Pass(objects);
  Edits edits;
  edits.ended = {model::EndedOf("Grant", objects.grants[0].metadata)};
  EXPECT_TRUE(Edit(edits).settled());
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
  // Out of a backup, it gives nothing.
  Restart();
  Pass(objects);
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
}

TEST_F(ReconcilerEditTest, WhatConcernsEveryoneIsLookedAtAsAWhole) {
  Pass(Quickstart());
  model::Grant grant =
      AGrant("sales/all", "warehouse")
          .To(model::Subject{model::SubjectKind::kEveryone, "", ""})
          .Allowing({model::Privilege::kUse});
  const op::PassReport report = Edit(Saved(grant));
  EXPECT_TRUE(report.judged.whole);
  EXPECT_THAT(CredentialPaths("everyone.sa"),
              ElementsAre("secret/data/sales/warehouse"));
}

TEST_F(ReconcilerEditTest, AGrantThatBecomesInvalidIsAProblemUntilItIsNot) {
  Pass(Quickstart());
  model::Grant grant = Quickstart().grants[0];
  grant.credential->vault.mount = "sys";
  EXPECT_THAT(Edit(Saved(grant)).problems, ::testing::SizeIs(1));
  EXPECT_THAT(Edit(Saved(Quickstart().grants[0])).problems, IsEmpty());
}

TEST_F(ReconcilerEditTest, AWindowOpensByLookingAtItsGrantOnly) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.not_before = After(std::chrono::seconds(10));
  EXPECT_EQ(Pass(objects).next_transition, After(std::chrono::seconds(10)));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"),
              Not(Contains("secret/data/sales/nightly")));
  const op::PassReport report =
      (*process_)->Continue(After(std::chrono::seconds(10)));
  EXPECT_FALSE(report.judged.whole);
  EXPECT_EQ(report.next_transition, std::nullopt);
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"),
              Contains("secret/data/sales/nightly"));
}

TEST_F(ReconcilerEditTest, GoesAheadOfAPassUnderWay) {
  const model::Objects objects = Join(Quickstart(), ManyConnections("hr", 5));
  Pass(objects);
  Restart();
  bool newer = true;
  (*process_)->YieldTo([&newer] { return newer; });
  EXPECT_TRUE(Pass(objects).unfinished);
  model::Grant grant = objects.grants[0];
  grant.suspended = true;
  const op::PassReport edit = Edit(Saved(grant));
  EXPECT_TRUE(edit.unfinished);  // the rest is still to be done
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"),
              Not(Contains("secret/data/sales/nightly")));
  newer = false;
  const op::PassReport rest = (*process_)->Continue(kNow);
  EXPECT_TRUE(rest.settled());
  // What the edit changed is not put back by the older compilation.
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"),
              Not(Contains("secret/data/sales/nightly")));
  EXPECT_FALSE(rest.judged.Covers({"sales", "warehouse"}));
}

// For more than a few, it gives way itself.
TEST_F(ReconcilerEditTest, ALargeOneThatGaveWayIsCarriedOutAfterAll) {
  const model::Objects objects = Quickstart();
  bool newer = false;
  const auto give_way = [&] {
    (*process_)->YieldTo([&newer] { return newer; });
  };
  for (const bool also_the_pass : {false, true}) {
    Restart();
    newer = also_the_pass;
    give_way();
    EXPECT_EQ(Pass(objects).unfinished, also_the_pass);
    newer = true;
    model::Grant grant = objects.grants[0];
    const std::string prefix = also_the_pass ? "reports/b" : "reports/a";
    grant.subjects.clear();
    for (int i = 0; i < 300; ++i) {
      grant.subjects.push_back(Account(prefix + std::to_string(i)));
    }
    EXPECT_TRUE(Edit(Saved(grant)).unfinished);
    newer = false;
    EXPECT_TRUE((*process_)->Continue(kNow).settled());
    for (int i = 0; i < 300; ++i) {
      const std::string id =
          std::string("sa.reports.") + prefix.back() + std::to_string(i);
      ASSERT_THAT(CredentialPaths(id), Contains("secret/data/sales/nightly"))
          << id;
    }
    EXPECT_EQ(vault_.Policy("claviger.prod.sa.reports.nightly"), "");
  }
}

TEST(CrewTest, DoesEachOnceAndStopsWhenTold) {
  std::vector<std::atomic<int>> done(100);
  EXPECT_TRUE(op::ForEachInParallel(
      done.size(), 4, [&](size_t i) { ++done[i]; }, [] { return false; }));
  for (const auto& one : done) EXPECT_EQ(one, 1);
  std::atomic<int> count{0};
  EXPECT_FALSE(op::ForEachInParallel(
      100, 4, [&](size_t) { ++count; }, [] { return true; }));
  EXPECT_LE(count, 4);
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "operator/plan.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using op::Action;
using op::Kind;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PlanTest : public ReconcilerFixture {
 protected:
  op::PlanResult Plan(const model::Objects& objects) {
    auto result = op::Plan(TestSettings(), process_->store(), objects, kNow);
    EXPECT_TRUE(result);
    return result ? *std::move(result) : op::PlanResult();
  }
};

TEST_F(PlanTest, WritesNothing) {
  Plan(Quickstart());
  EXPECT_EQ(vault_.writes(), 0);
  EXPECT_GT(vault_.reads(), 0);
}

TEST_F(PlanTest, IsExactlyWhatAPassThenDoes) {
  Pass(Quickstart());
  Restart();
  model::Objects objects = Quickstart();
  objects.grants.erase(objects.grants.begin());
  objects.service_accounts = {{"new", "comer"}};
  const op::PlanResult plan = Plan(objects);
  const op::PassReport report = Pass(objects);
  std::vector<op::Change> made;
  for (const op::Change& change : report.changes) {
    if (change.kind != Kind::kLedger) made.push_back(change);
  }
  ASSERT_EQ(plan.changes.size(), made.size());
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT_EQ(plan.changes[i].action, made[i].action) << i;
    EXPECT_EQ(plan.changes[i].kind, made[i].kind) << i;
    EXPECT_THAT(plan.changes[i].name, HasSubstr(made[i].name)) << i;
  }
}

TEST_F(PlanTest, ShowsBeforeAndAfterWithoutBookkeeping) {
  Pass(Quickstart());
  model::Objects objects = Quickstart();
  objects.grants.erase(objects.grants.begin());
  objects.service_accounts = {{"reports", "nightly"}};
  const op::PlanResult plan = Plan(objects);
  ASSERT_THAT(plan.changes, SizeIs(2));
  EXPECT_EQ(plan.changes[0].kind, Kind::kPolicy);
  EXPECT_THAT(plan.changes[0].before, HasSubstr("secret/data/sales/nightly"));
  EXPECT_THAT(plan.changes[0].after,
              ::testing::Not(HasSubstr("secret/data/sales/nightly")));
  EXPECT_EQ(plan.changes[1].kind, Kind::kBindings);
  EXPECT_THAT(plan.changes[1].before, HasSubstr("warehouse"));
  EXPECT_THAT(plan.changes[1].before, ::testing::Not(HasSubstr("stamp")));
}

TEST_F(PlanTest, NothingToDoIsAnEmptyPlan) {
  Pass(Quickstart());
  EXPECT_THAT(Plan(Quickstart()).changes, IsEmpty());
}

TEST_F(PlanTest, ShowsConflictsAndBrakes) {
  vault_.SetPolicy("claviger.prod.sa.reports.nightly", "theirs");
  EXPECT_THAT(Plan(Quickstart()).report.conflicts, SizeIs(1));
  Pass(ManyConnections("sales", 20));
  const op::PlanResult plan = Plan(Quickstart());
  EXPECT_THAT(plan.report.brakes, SizeIs(1));
}

TEST_F(PlanTest, FailsWhereVaultCannotBeRead) {
  vault_.DieAfter(0, FakeVault::Fault::kBefore);
  const auto plan =
      op::Plan(TestSettings(), process_->store(), Quickstart(), kNow);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace claviger::testing

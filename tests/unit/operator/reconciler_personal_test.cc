// SPDX-License-Identifier: Apache-2.0
//
// What callers stored goes when the end of its Connection, or of its service
// account, was seen; not when either is merely missing.
#include "operator/personal_sweep.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kSlots = "claviger/prod/personal/";

class ReconcilerPersonalTest : public ReconcilerFixture {
 protected:
  void Store(const std::string& slot) {
    vault_.SetSecret(kSlots + slot, {{"username", "nina"}});
  }
  std::vector<std::string> Stored() const {
    std::vector<std::string> slots;
    for (const std::string& path : vault_.Secrets(kSlots)) {
      slots.push_back(path.substr(std::string(kSlots).size()));
    }
    return slots;
  }
  // sales/warehouse is c-1, sales/other c-2; the API server tells of the ends.
  static model::Objects Two() {
    model::Objects objects;
    objects.connections = {AConnection("sales/warehouse").Created(kNow, "c-1"),
                           AConnection("sales/other").Created(kNow, "c-2")};
    objects.explains_deletions = true;
    return objects;
  }
  static model::Objects WithoutFirst(bool seen) {
    model::Objects objects = Two();
    if (seen) {
      objects.ended.push_back(
          model::EndedOf("Connection", objects.connections[0].metadata));
    }
    objects.connections.erase(objects.connections.begin());
    return objects;
  }
  static access::Edits Ended(const std::string& uid) {
    access::Edits edits;
    edits.ended_accounts = {{"ServiceAccount", {"a", "one"}, uid, 0}};
    return edits;
  }
};

TEST_F(ReconcilerPersonalTest, WhatWasStoredForADeletedConnectionGoes) {
  Pass(Two());
  for (const char* slot :
       {"sa.a.one/u-1/c-1", "sa.a.one/u-1/c-2", "sa.a.two/u-2/c-1"}) {
    Store(slot);
  }
  const op::PassReport report = Pass(WithoutFirst(true));
  EXPECT_TRUE(report.settled());
  EXPECT_FALSE(report.put_off);
  EXPECT_THAT(Stored(), ElementsAre("sa.a.one/u-1/c-2"));
  // Once is enough.
  Store("sa.a.two/u-2/c-1");
  Pass(WithoutFirst(true));
  EXPECT_EQ(Stored().size(), 2U);
}

TEST_F(ReconcilerPersonalTest, AnEditThatEndsAConnectionTakesThemAlong) {
  Pass(Two());
  Store("sa.a.one/u-1/c-1");
  access::Edits edits;
  edits.ended.push_back(
      model::EndedOf("Connection", Two().connections[0].metadata));
  EXPECT_TRUE((*process_)->Edit(edits, kNow).settled());
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(ReconcilerPersonalTest, WhatIsMerelyMissingTakesNothingAlong) {
  Pass(Two());
  Store("sa.a.one/u-1/c-1");
  Pass(WithoutFirst(false));
  (*process_)->Continue(kNow);
  EXPECT_EQ(Stored().size(), 1U);
}

TEST_F(ReconcilerPersonalTest, AnAccountsEndTakesItsOwnAndNotItsSuccessors) {
  Pass(Two());
  for (const char* slot : {"sa.a.one/u-1/c-1", "sa.a.one/u-1/c-2",
                           "sa.a.one/u-2/c-1", "sa.a.oneself/u-1/c-1"}) {
    Store(slot);
  }
  EXPECT_TRUE((*process_)->Edit(Ended("u-1"), kNow).settled());
  EXPECT_THAT(Stored(),
              ElementsAre("sa.a.one/u-2/c-1", "sa.a.oneself/u-1/c-1"));
}

// By the tombstones, once a round of looking for drift is over.
TEST_F(ReconcilerPersonalTest, ANewProcessTakesUpWhatTheLastOneLeft) {
  Pass(Two());
  Pass(WithoutFirst(true));
  Store("sa.a.one/u-1/c-1");
  Store("sa.a.one/u-1/c-2");
  Restart();
  model::Objects later = WithoutFirst(false);
  Pass(later);
  EXPECT_EQ(Stored().size(), 2U);
  while (!(*process_)->Suspect(100)) {
  }
  (*process_)->Continue(kNow);
  EXPECT_THAT(Stored(), ElementsAre("sa.a.one/u-1/c-2"));
}

TEST_F(ReconcilerPersonalTest, ManyGoInStepsThatEditsCanComeBetween) {
  Pass(Two());
  for (int i = 0; i < 120; ++i) {
    Store("sa.a.n" + std::to_string(i) + "/u/c-1");
  }
  op::PassReport report = Pass(WithoutFirst(true));
  EXPECT_TRUE(report.put_off);
  EXPECT_TRUE(report.settled());
  EXPECT_FALSE(Stored().empty());
  for (int i = 0; report.put_off && i < 10; ++i) {
    report = (*process_)->Continue(kNow);
  }
  EXPECT_FALSE(report.put_off);
  EXPECT_THAT(Stored(), IsEmpty());
}

// A policy of an earlier version names no personal path.
TEST_F(ReconcilerPersonalTest, WhatMayNotBeRemovedHoldsUpNothing) {
  Pass(Two());
  Store("sa.a.one/u-1/c-1");
  vault_.Refuse("metadata/prod/personal");
  const op::PassReport report = Pass(WithoutFirst(true));
  EXPECT_TRUE(report.settled());
  EXPECT_FALSE(report.put_off);
  ASSERT_TRUE(report.unswept);
  EXPECT_EQ(report.unswept->code, ErrorCode::kPermissionDenied);
}

TEST_F(ReconcilerPersonalTest, AnOutageIsNotTheEndOfIt) {
  Pass(Two());
  Store("sa.a.one/u-1/c-1");
  vault_.Refuse("metadata/prod/personal", ErrorCode::kUnavailable);
  EXPECT_TRUE(Pass(WithoutFirst(true)).interrupted);
  vault_.Heal();
  vault_.Refuse("");
  EXPECT_FALSE((*process_)->Continue(kNow).interrupted);
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_F(ReconcilerPersonalTest, WithoutAnEndNothingIsLookedAt) {
  Pass(Two());
  Store("sa.a.one/u-1/c-1");
  vault_.ResetCounts();
  (*process_)->Continue(kNow);
  access::Edits edits;
  edits.account_uids[{"a", "one"}] = "";
  (*process_)->Edit(edits, kNow);
  EXPECT_EQ(vault_.calls(), 0);
  EXPECT_EQ(Stored().size(), 1U);
}

}  // namespace
}  // namespace claviger::testing

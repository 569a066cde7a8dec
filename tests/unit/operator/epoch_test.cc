// SPDX-License-Identifier: Apache-2.0
#include "operator/epoch.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using op::Epoch;
using Finding = op::Epoch::Finding;

class EpochTest : public ::testing::Test {
 protected:
  Epoch Known(int64_t count) { return {process_.store(), "prod", count}; }
  // Vault as it was at another time.
  void Restore(int versions, const nlohmann::json& data) {
    vault_.RemoveSecret(kPath);
    for (int i = 0; i < versions; ++i) vault_.SetSecret(kPath, data);
  }
  nlohmann::json Stored() const { return vault_.Secret(kPath); }
  // As a process says that has just begun.
  int64_t Counted() {
    Epoch epoch = Known(0);
    EXPECT_TRUE(epoch.Check());
    return epoch.count();
  }

  static constexpr char kPath[] = "claviger/prod/ledger/epoch";
  FakeVault vault_;
  Process process_{vault_};
};

Finding Check(Epoch& epoch) {
  const Result<Finding> found = epoch.Check();
  EXPECT_TRUE(found);
  return found.value_or(Finding::kOther);
}

TEST_F(EpochTest, CountsPassesAndKnowsItsOwn) {
  Epoch epoch = Known(0);
  EXPECT_EQ(Check(epoch), Finding::kSame);
  ASSERT_TRUE(epoch.Advance());
  ASSERT_TRUE(epoch.Advance());
  EXPECT_EQ(epoch.count(), 2);
  EXPECT_EQ(Check(epoch), Finding::kSame);
  EXPECT_EQ(Counted(), 2);
}

TEST_F(EpochTest, AnotherVersionIsAnother) {
  Epoch epoch = Known(0);
  Check(epoch);
  ASSERT_TRUE(epoch.Advance());
  Epoch other = Known(0);
  Check(other);
  ASSERT_TRUE(other.Advance());
  EXPECT_EQ(Check(epoch), Finding::kOther);
  EXPECT_EQ(epoch.count(), 2);
  EXPECT_EQ(Check(epoch), Finding::kSame);
}

TEST_F(EpochTest, AVaultThatWentBackIsOlderUntilItIsCountedOn) {
  Epoch epoch = Known(0);
  Check(epoch);
  ASSERT_TRUE(epoch.Advance());
  const nlohmann::json backup = Stored();
  ASSERT_TRUE(epoch.Advance());
  ASSERT_TRUE(epoch.Advance());
  Restore(1, backup);
  EXPECT_EQ(Check(epoch), Finding::kOlder);
  EXPECT_EQ(Check(epoch), Finding::kOlder);
  EXPECT_EQ(epoch.count(), 3);
  ASSERT_TRUE(epoch.Advance());
  EXPECT_EQ(Counted(), 4);
  EXPECT_EQ(Check(epoch), Finding::kSame);
}

TEST_F(EpochTest, WhatIsKnownFromElsewhereProvesItToo) {
  Restore(5, {{"stamp", {{"by", "claviger"}}}, {"before", 35}});
  Epoch same = Known(40);
  EXPECT_EQ(Check(same), Finding::kSame);
  Epoch newer = Known(39);  // what is known lags behind
  EXPECT_EQ(Check(newer), Finding::kSame);
  EXPECT_EQ(newer.count(), 40);
  Epoch older = Known(41);
  EXPECT_EQ(Check(older), Finding::kOlder);
  ASSERT_TRUE(older.Advance());
  EXPECT_EQ(Counted(), 42);
}

TEST_F(EpochTest, EachVersionIsAPass) {
  Restore(5, {{"stamp", {{"by", "claviger"}}}});
  Epoch epoch = Known(5);
  EXPECT_EQ(Check(epoch), Finding::kSame);
  ASSERT_TRUE(epoch.Advance());
  EXPECT_EQ(Counted(), 6);
}

TEST_F(EpochTest, AnEmptyVaultIsOlderThanOneThatWasWritten) {
  Epoch fresh = Known(0);
  EXPECT_EQ(Check(fresh), Finding::kSame);
  Epoch known = Known(3);
  EXPECT_EQ(Check(known), Finding::kOlder);
}

}  // namespace
}  // namespace claviger::testing

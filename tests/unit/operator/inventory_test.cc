// SPDX-License-Identifier: Apache-2.0
#include "operator/inventory.h"

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using op::Inventories;
using op::InventoryLedger;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class InventoryTest : public ::testing::Test {
 protected:
  Status Put(InventoryLedger& ledger, const Inventories& all) {
    for (const auto& [ns, inventory] : all) {
      Status done = ledger.Put(ns, inventory, changes_);
      if (!done) return done;
    }
    return {};
  }
  InventoryLedger Reloaded() {
    InventoryLedger ledger(process_.store(), "prod");
    EXPECT_TRUE(ledger.Load());
    return ledger;
  }
  FakeVault vault_;
  Process process_{vault_};
  std::vector<op::Change> changes_;
};

TEST_F(InventoryTest, ListsObjectsByNamespaceAndThePathsTheyName) {
  model::Objects objects = Quickstart();
  objects.groups = {AGroup("finance")};
  const Inventories all = op::TakeInventory(objects);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(all.at("sales").objects, SizeIs(3));
  EXPECT_THAT(
      all.at("sales").paths,
      ElementsAre("secret/data/sales/nightly", "secret/data/sales/warehouse"));
  EXPECT_THAT(all.at("_cluster").objects, SizeIs(1));
}

TEST_F(InventoryTest, ReCreatedObjectIsAnotherOne) {
  model::Objects objects = Quickstart();
  const Inventories before = op::TakeInventory(objects);
  objects.connections[0].metadata.uid = "another";
  EXPECT_NE(op::TakeInventory(objects), before);
}

TEST_F(InventoryTest, IsReadBackAsWritten) {
  const Inventories all = op::TakeInventory(Quickstart());
  InventoryLedger ledger = Reloaded();
  ASSERT_TRUE(Put(ledger, all));
  EXPECT_EQ(ledger.known(), all);
  EXPECT_EQ(Reloaded().known(), all);
}

TEST_F(InventoryTest, IsWrittenOnlyWhereItChanged) {
  const Inventories all = op::TakeInventory(Quickstart());
  InventoryLedger ledger = Reloaded();
  ASSERT_TRUE(Put(ledger, all));
  vault_.ResetCounts();
  ASSERT_TRUE(Put(ledger, all));
  EXPECT_EQ(vault_.calls(), 0);
  ASSERT_TRUE(ledger.Put("nothing", {}, changes_));
  EXPECT_EQ(vault_.calls(), 0);
}

TEST_F(InventoryTest, LongOneIsWrittenInPartsAndShrinks) {
  const Inventories all = op::TakeInventory(ManyConnections("sales", 6'000));
  InventoryLedger ledger = Reloaded();
  ASSERT_TRUE(Put(ledger, all));
  EXPECT_GT(vault_.Secrets("claviger/prod/ledger/objects/sales").size(), 3u);
  for (const std::string& path : vault_.Secrets("claviger/")) {
    EXPECT_LT(vault_.Secret(path).dump().size(), 300'000u) << path;
  }
  InventoryLedger again = Reloaded();
  EXPECT_EQ(again.known(), all);
  ASSERT_TRUE(Put(again, op::TakeInventory(ManyConnections("sales", 2))));
  EXPECT_THAT(vault_.Secrets("claviger/"),
              ElementsAre("claviger/prod/ledger/objects/sales"));
  ASSERT_TRUE(again.Put("sales", {}, changes_));
  EXPECT_THAT(vault_.Secrets("claviger/"), IsEmpty());
  EXPECT_THAT(Reloaded().known(), IsEmpty());
}

TEST_F(InventoryTest, ForeignEntryIsAConflict) {
  vault_.SetSecret("claviger/prod/ledger/objects/sales", {{"theirs", 1}});
  InventoryLedger ledger(process_.store(), "prod");
  const Status loaded = ledger.Load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kConflict);
}

// A restart of Vault in between must not make tombstones forgotten.
TEST_F(InventoryTest, AReadThatFailsLeavesWhatWasKnown) {
  InventoryLedger ledger(process_.store(), "prod");
  EXPECT_FALSE(ledger.loaded());
  ASSERT_TRUE(ledger.Load());
  EXPECT_TRUE(ledger.loaded());
  ASSERT_TRUE(Put(ledger, op::TakeInventory(Quickstart())));
  const Inventories known = ledger.known();
  vault_.Refuse("ledger/objects/sales", ErrorCode::kUnavailable);
  ASSERT_FALSE(ledger.Load());
  EXPECT_EQ(ledger.known(), known);
  EXPECT_TRUE(ledger.loaded());
}

TEST_F(InventoryTest, WriteOfAnotherProcessIsAConflictUntilReadAgain) {
  InventoryLedger mine = Reloaded();
  InventoryLedger theirs = Reloaded();
  const Inventories all = op::TakeInventory(Quickstart());
  ASSERT_TRUE(Put(theirs, all));
  const Status refused = Put(mine, all);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  ASSERT_TRUE(mine.Load());
  EXPECT_TRUE(Put(mine, all));
}

}  // namespace
}  // namespace claviger::testing

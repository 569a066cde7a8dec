// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/selection.h"

#include <gtest/gtest.h>

#include "unit/operator/kube/api_objects.h"

namespace claviger::testing {
namespace {

using op::ObjectId;
using op::ObjectKind;
using op::ObjectStore;
using op::Select;
using op::Selection;

class SelectionTest : public ::testing::Test {
 protected:
  void Connection(const nlohmann::json& object) {
    ASSERT_TRUE(store_.Put(ObjectKind::kConnection, object.dump()).has_value());
  }
  void Grant(const nlohmann::json& object) {
    ASSERT_TRUE(store_.Put(ObjectKind::kGrant, object.dump()).has_value());
  }
  ObjectStore store_;
};

TEST_F(SelectionTest, ProtectedObjectsAreInForce) {
  Connection(ApiConnection("sales", "warehouse"));
  Grant(ApiGrant("sales", "nightly", "warehouse"));
  const Selection selection = Select(store_, {});
  EXPECT_EQ(selection.objects.connections.size(), 1U);
  EXPECT_EQ(selection.objects.grants.size(), 1U);
  EXPECT_TRUE(selection.unprotected.empty());
}

TEST_F(SelectionTest, WhatOnlyGivesWaitsForItsFinalizer) {
  Connection(WithoutFinalizer(ApiConnection("sales", "warehouse")));
  Grant(WithoutFinalizer(ApiGrant("sales", "nightly", "warehouse")));
  const Selection selection = Select(store_, {});
  EXPECT_TRUE(selection.objects.connections.empty());
  EXPECT_TRUE(selection.objects.grants.empty());
  EXPECT_EQ(selection.unprotected.size(), 2U);
}

TEST_F(SelectionTest, ADenyIsInForceFromItsFirstSight) {
  Grant(WithoutFinalizer(ApiGrant("sales", "block", "warehouse", "Deny")));
  const Selection selection = Select(store_, {});
  EXPECT_EQ(selection.objects.grants.size(), 1U);
  EXPECT_EQ(selection.unprotected.size(), 1U);
}

TEST_F(SelectionTest, LosingTheFinalizerByHandDoesNotPutOutOfForce) {
  Grant(WithoutFinalizer(ApiGrant("sales", "nightly", "warehouse")));
  const Selection selection = Select(store_, {"uid-nightly"});
  EXPECT_EQ(selection.objects.grants.size(), 1U);
  EXPECT_EQ(selection.unprotected.size(), 1U);
}

TEST_F(SelectionTest, AnEndingGrantIsOutOfForceAndItsAbsenceExplained) {
  Connection(ApiConnection("sales", "warehouse"));
  Grant(Ending(ApiGrant("sales", "nightly", "warehouse")));
  const Selection selection = Select(store_, {"uid-nightly"});
  EXPECT_TRUE(selection.objects.grants.empty());
  ASSERT_EQ(selection.objects.rest.ended.size(), 1U);
  EXPECT_EQ(selection.objects.rest.ended[0].kind, "Grant");
  EXPECT_EQ(selection.objects.rest.ended[0].uid, "uid-nightly");
  EXPECT_EQ(selection.objects.rest.ended[0].generation, 1);
  EXPECT_EQ(
      selection.ending,
      (std::vector<ObjectId>{{ObjectKind::kGrant, {"sales", "nightly"}}}));
}

TEST_F(SelectionTest, ABlockedConnectionStaysInForceWhileAGrantNamesIt) {
  Connection(Ending(ApiConnection("sales", "warehouse")));
  Grant(ApiGrant("sales", "nightly", "warehouse"));
  Selection selection = Select(store_, {});
  EXPECT_EQ(selection.objects.connections.size(), 1U);
  EXPECT_TRUE(selection.ending.empty());
  EXPECT_EQ(selection.blocked.at({"sales", "warehouse"}),
            std::vector<std::string>{"nightly"});

  Grant(Ending(ApiGrant("sales", "nightly", "warehouse")));
  selection = Select(store_, {});
  EXPECT_TRUE(selection.objects.connections.empty());
  EXPECT_EQ(selection.ending.size(), 2U);
  EXPECT_TRUE(selection.blocked.empty());
}

TEST_F(SelectionTest, EverythingHoldsAConnectionUntilItIsGone) {
  Connection(Ending(ApiConnection("sales", "warehouse")));
  Grant(ApiGrant("sales", "block", "warehouse", "Deny"));
  Grant(Ending(ApiGrant("sales", "nightly", "warehouse")));
  Grant(WithoutFinalizer(ApiGrant("sales", "fresh", "warehouse")));
  const model::Objects objects = op::Everything(store_);
  EXPECT_EQ(objects.connections.size(), 1U);
  EXPECT_EQ(objects.grants.size(), 2U);
}

// For as long as the leader has not said otherwise, whatever was saved since.
TEST_F(SelectionTest, EverythingRefusesWhatTheLeaderFoundInABackup) {
  auto connection = ApiConnection("sales", "warehouse");
  auto allow = ApiGrant("sales", "nightly", "warehouse");
  auto deny = ApiGrant("sales", "block", "warehouse", "Deny");
  auto group = ApiGroup("finance");
  for (auto* one : {&connection, &allow, &deny, &group}) {
    (*one)["status"] = RestoredStatus();
    (*one)["metadata"]["generation"] = 2;
  }
  Connection(connection);
  Grant(allow);
  Grant(deny);
  Grant(ApiGrant("sales", "other", "warehouse"));
  ASSERT_TRUE(store_.Put(ObjectKind::kGroup, group.dump()).has_value());
  const model::Objects objects = op::Everything(store_);
  EXPECT_TRUE(model::IsRestored(objects.connections.at(0).refused));
  EXPECT_TRUE(model::IsRestored(objects.groups.at(0).refused));
  ASSERT_EQ(objects.grants.size(), 3U);
  EXPECT_FALSE(objects.grants[0].inert || objects.grants[0].refused);  // block
  EXPECT_TRUE(model::IsRestored(objects.grants[1].inert));  // nightly
  EXPECT_FALSE(objects.grants[2].inert);                    // other
  // The leader itself goes by the ledger.
  EXPECT_FALSE(Select(store_, {}).objects.connections.at(0)->refused);
}

TEST_F(SelectionTest, RevokeLetsAConnectionGoWhileGrantsNameIt) {
  auto connection = Ending(ApiConnection("sales", "warehouse"));
  connection["spec"]["deletionPolicy"] = "Revoke";
  Connection(connection);
  Grant(ApiGrant("sales", "nightly", "warehouse"));
  const Selection selection = Select(store_, {});
  EXPECT_TRUE(selection.objects.connections.empty());
  EXPECT_EQ(selection.ending.size(), 1U);
}

TEST_F(SelectionTest, ABrokenGroupMakesItsDenyCountForTheConnection) {
  Connection(ApiConnection("sales", "warehouse"));
  auto deny = ApiGrant("sales", "block", "warehouse", "Deny");
  deny["spec"]["subjects"] = {{{"kind", "Group"}, {"name", "finance"}}};
  Grant(deny);
  auto group = ApiGroup("finance");
  group["spec"]["members"] = "everybody";
  ASSERT_TRUE(store_.Put(ObjectKind::kGroup, group.dump()).has_value());
  const Selection selection = Select(store_, {});
  ASSERT_FALSE(selection.objects.rest.broken_denies.empty());
  EXPECT_EQ(selection.objects.rest.broken_denies[0].connection,
            (model::ObjectRef{"sales", "warehouse"}));
}

}  // namespace
}  // namespace claviger::testing

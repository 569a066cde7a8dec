// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/object_store.h"

#include <gtest/gtest.h>

#include "operator/kube/informer_sinks.h"
#include "unit/operator/kube/api_objects.h"

namespace claviger::testing {
namespace {

using op::ObjectId;
using op::ObjectKind;
using op::ObjectStore;

const ObjectId kWarehouse{ObjectKind::kConnection, {"sales", "warehouse"}};

class ObjectStoreTest : public ::testing::Test {
 protected:
  void Put(ObjectKind kind, const nlohmann::json& object) {
    ASSERT_TRUE(store_.Put(kind, object.dump()).has_value());
  }
  int changes_ = 0;
  ObjectStore store_{[this] { ++changes_; }};
};

TEST_F(ObjectStoreTest, KeepsWhatMattersOfAnObject) {
  auto object = ApiConnection("sales", "warehouse");
  object["metadata"]["finalizers"].push_back("other.io/x");
  object["status"] = {{"observedGeneration", 1}, {"grants", 2}};
  Put(ObjectKind::kConnection, object);
  const auto seen = store_.Find(kWarehouse);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->uid, "uid-warehouse");
  EXPECT_EQ(seen->resource_version, "10");
  EXPECT_TRUE(seen->has_finalizer);
  EXPECT_EQ(seen->other_finalizers, std::vector<std::string>{"other.io/x"});
  EXPECT_EQ(seen->status.counts.at("grants"), 2);
}

TEST_F(ObjectStoreTest, AStatusOrAnAnnotationChangesNothingToCompile) {
  auto object = ApiConnection("sales", "warehouse");
  Put(ObjectKind::kConnection, object);
  const uint64_t before = store_.generation();
  object["metadata"]["resourceVersion"] = "11";
  object["metadata"]["annotations"] = {{"note", "x"}};
  object["status"] = {{"observedGeneration", 1}};
  Put(ObjectKind::kConnection, object);
  EXPECT_EQ(store_.generation(), before);
  EXPECT_EQ(store_.Find(kWarehouse)->resource_version, "11");
  EXPECT_EQ(changes_, 1);
}

TEST_F(ObjectStoreTest, WhatCountsForTheCompilationIsNoticed) {
  const auto grant = ApiGrant("sales", "nightly", "warehouse");
  const std::vector<std::function<void(nlohmann::json&)>> edits = {
      [](auto& one) { one["metadata"]["generation"] = 2; },
      [](auto& one) { one["metadata"]["uid"] = "another"; },
      [](auto& one) { one["metadata"].erase("finalizers"); },
      [](auto& one) {
        one["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
      },
      [](auto& one) {
        one["metadata"]["annotations"] = {
            {"claviger.io/connection-uid", "uid-warehouse"}};
      },
      [](auto& one) { one["status"] = RestoredStatus(); }};
  for (size_t i = 0; i < edits.size(); ++i) {
    Put(ObjectKind::kGrant, grant);
    const uint64_t before = store_.generation();
    auto edited = grant;
    edits[i](edited);
    Put(ObjectKind::kGrant, edited);
    EXPECT_EQ(store_.generation(), before + 1) << "edit " << i;
  }
}

TEST_F(ObjectStoreTest, LooksAgainWhereItIsAsked) {
  const uint64_t before = store_.generation();
  store_.LookAgain();
  EXPECT_EQ(store_.generation(), before + 1);
  EXPECT_TRUE(store_.TakeNews().again);
  EXPECT_FALSE(store_.TakeNews().again);
}

TEST_F(ObjectStoreTest, WhatIsMissingGoesAtOnceWhenAllKindsWereListedSince) {
  using Part = ObjectStore::Part;
  int lists = 0;
  ObjectStore store({}, [&] { ++lists; });
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(store.Put(ObjectKind::kGrant,
                          ApiGrant("sales", name, "warehouse").dump()));
  }
  ASSERT_TRUE(store.Put(ObjectKind::kConnection,
                        ApiConnection("sales", "warehouse").dump()));
  for (const Part part : {Part::kConnections, Part::kGrants, Part::kGroups,
                          Part::kPods, Part::kAccounts}) {
    store.SetSynced(part);
  }
  const uint64_t before = store.generation();
  store.RemoveMissing({ObjectKind::kGrant, {"sales", "a"}}, "uid-a");
  store.RemoveMissing({ObjectKind::kGrant, {"sales", "b"}}, "uid-b");
  store.RemoveMissing({ObjectKind::kGrant, {"sales", "c"}}, "an-older-uid");
  store.SetSynced(Part::kGrants);
  store.SetSynced(Part::kGroups);
  EXPECT_EQ(lists, 1);
  EXPECT_EQ(store.generation(), before);
  store.RemoveMissing(kWarehouse, "uid-warehouse");
  // One was only left out of a list.
  ASSERT_TRUE(store.Put(ObjectKind::kGrant,
                        ApiGrant("sales", "b", "warehouse").dump()));
  EXPECT_TRUE(store.Find({ObjectKind::kGrant, {"sales", "a"}}));
  store.SetSynced(Part::kConnections);
  EXPECT_EQ(store.generation(), before + 1);
  EXPECT_FALSE(store.Find({ObjectKind::kGrant, {"sales", "a"}}));
  EXPECT_TRUE(store.Find({ObjectKind::kGrant, {"sales", "b"}}));
  EXPECT_TRUE(store.Find({ObjectKind::kGrant, {"sales", "c"}}));
  EXPECT_FALSE(store.Find(kWarehouse));
}

TEST_F(ObjectStoreTest, WhatWasEndingIsGoneWhenAListDoesNotHoldIt) {
  auto ending = ApiConnection("sales", "warehouse");
  ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  Put(ObjectKind::kConnection, ending);
  store_.RemoveMissing(kWarehouse, "uid-warehouse");
  EXPECT_FALSE(store_.Find(kWarehouse));
}

TEST_F(ObjectStoreTest, AnEndOfAnEarlierObjectOfTheNameIsPassedOver) {
  Put(ObjectKind::kConnection, ApiConnection("sales", "warehouse"));
  store_.Remove(kWarehouse, "an-older-uid");
  EXPECT_TRUE(store_.Find(kWarehouse).has_value());
  store_.Remove(kWarehouse, "uid-warehouse");
  EXPECT_FALSE(store_.Find(kWarehouse).has_value());
}

// Otherwise the late answer to a write of a status would give a deleted Grant
// its access back.
TEST_F(ObjectStoreTest, ALateAnswerNeitherRevivesNorOvertakesEvents) {
  auto object = ApiConnection("sales", "warehouse");
  Put(ObjectKind::kConnection, object);
  const op::SeenObject before = *store_.Find(kWarehouse);
  auto answer = object;
  answer["metadata"]["resourceVersion"] = "11";
  ASSERT_TRUE(store_.PutOver(ObjectKind::kConnection, answer.dump(), before));
  EXPECT_EQ(store_.Find(kWarehouse)->resource_version, "11");
  answer["metadata"]["resourceVersion"] = "12";
  ASSERT_TRUE(store_.PutOver(ObjectKind::kConnection, answer.dump(), before));
  EXPECT_EQ(store_.Find(kWarehouse)->resource_version, "11");
  store_.Remove(kWarehouse, "uid-warehouse");
  ASSERT_TRUE(store_.PutOver(ObjectKind::kConnection, answer.dump(), before));
  EXPECT_FALSE(store_.Find(kWarehouse).has_value());
}

TEST_F(ObjectStoreTest, WhatIsNoObjectIsRefusedAndChangesNothing) {
  for (const char* text : {"", "[]", "{}", R"({"metadata":{"name":"x"}})",
                           R"({"metadata":{"uid":"x"}})", "{\"metadata\":"}) {
    EXPECT_FALSE(store_.Put(ObjectKind::kGrant, text).has_value()) << text;
  }
  EXPECT_EQ(store_.generation(), 0U);
}

TEST_F(ObjectStoreTest, AnObjectThatCannotBeDecodedIsKeptAsBroken) {
  auto object = ApiGrant("sales", "block", "warehouse", "Deny");
  object["spec"]["subjects"] = "nobody";
  Put(ObjectKind::kGrant, object);
  bool broken = false;
  store_.ForEach([&](const ObjectId&, const ObjectStore::Stored& stored) {
    const auto* kept = stored.broken.get();
    broken = kept != nullptr && !kept->broken_denies.empty();
  });
  EXPECT_TRUE(broken);
}

TEST_F(ObjectStoreTest, IsSyncedOnceEveryPartWasListed) {
  for (const auto part :
       {ObjectStore::Part::kConnections, ObjectStore::Part::kGrants,
        ObjectStore::Part::kGroups, ObjectStore::Part::kPods,
        ObjectStore::Part::kAccounts}) {
    EXPECT_FALSE(store_.synced());
    store_.SetSynced(part);
  }
  EXPECT_TRUE(store_.synced());
}

TEST_F(ObjectStoreTest, PodsOfOneServiceAccountCountOnce) {
  store_.PutPod({"reports", "a"}, "nightly");
  store_.PutPod({"reports", "b"}, "nightly");
  store_.PutPod({"reports", "c"}, "daily");
  EXPECT_EQ(store_.ServiceAccounts(),
            (std::vector<model::ObjectRef>{{"reports", "daily"},
                                           {"reports", "nightly"}}));
  store_.RemovePod({"reports", "c"});
  EXPECT_EQ(store_.ServiceAccounts().size(), 1U);
}

TEST(AccountUidsTest, AreNewsWhereTheyChange) {
  int changes = 0;
  ObjectStore store([&] { ++changes; });
  const model::ObjectRef nightly{"reports", "nightly"};
  store.PutAccount(nightly, "uid-1");
  store.PutAccount(nightly, "uid-1");
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(store.AccountUids().at(nightly), "uid-1");
  EXPECT_EQ(store.TakeNews().account_uids.at(nightly), "uid-1");
  EXPECT_TRUE(store.TakeNews().account_uids.empty());
  // Its successor may be seen before its own end.
  store.PutAccount(nightly, "uid-2");
  store.RemoveAccount(nightly, "uid-1");
  EXPECT_EQ(store.AccountUids().at(nightly), "uid-2");
  store.RemoveAccount(nightly, "uid-2");
  EXPECT_EQ(changes, 3);
  EXPECT_TRUE(store.AccountUids().empty());
  EXPECT_EQ(store.TakeNews().account_uids.at(nightly), "");
}

TEST(AccountUidsTest, TellsOfEachEndThatWasSeenOnce) {
  ObjectStore store;
  const model::ObjectRef nightly{"reports", "nightly"};
  store.PutAccount(nightly, "uid-1");
  EXPECT_TRUE(store.TakeEndedAccounts().empty());
  store.PutAccount(nightly, "uid-2");
  store.RemoveAccount(nightly, "uid-1");
  store.RemoveAccount(nightly, "uid-2");
  EXPECT_EQ(
      store.TakeEndedAccounts(),
      (std::vector<model::Ended>{{"ServiceAccount", nightly, "uid-1", 0},
                                 {"ServiceAccount", nightly, "uid-2", 0}}));
  EXPECT_TRUE(store.TakeEndedAccounts().empty());
}

// A list that lost them takes nothing away, whatever the reason.
TEST(AccountUidsTest, AnAccountThatIsMerelyMissingKeepsItsUid) {
  ObjectStore store;
  op::AccountSink sink(store);
  const kube::ObjectName name{"reports", "nightly"};
  store.PutAccount({"reports", "nightly"}, "uid-1");
  sink.OnDeleted(name, "uid-1", kube::InformerSink::Gone::kAbsent);
  EXPECT_EQ(store.AccountUids().size(), 1U);
  EXPECT_TRUE(store.TakeEndedAccounts().empty());
  sink.OnDeleted(name, "uid-1", kube::InformerSink::Gone::kEvent);
  EXPECT_TRUE(store.AccountUids().empty());
  EXPECT_EQ(store.TakeEndedAccounts().size(), 1U);
}

}  // namespace
}  // namespace claviger::testing

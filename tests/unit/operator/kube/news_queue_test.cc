// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/news_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace claviger::testing {
namespace {

using op::NewsQueue;
using op::ObjectId;
using op::ObjectKind;
using Piece = std::set<ObjectId>;

ObjectId Grant(const std::string& ns, const std::string& name) {
  return {ObjectKind::kGrant, {ns, name}};
}

class NewsQueueTest : public ::testing::Test {
 protected:
  // Names sort as they are numbered.
  static std::string Name(size_t i) { return "g" + std::to_string(10'000 + i); }
  void AddMany(const std::string& ns, size_t count) {
    for (size_t i = 0; i < count; ++i) queue_.Add(Grant(ns, Name(i)));
  }

  NewsQueue queue_;
};

TEST_F(NewsQueueTest, HoldsAnObjectOnceHoweverOftenItChanges) {
  queue_.Add(Grant("sales", "a"));
  queue_.Add(Grant("sales", "a"), NewsQueue::Order::kLast);
  EXPECT_EQ(queue_.Take(), Piece{Grant("sales", "a")});
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.Take().empty());
}

TEST_F(NewsQueueTest, PutsOneEditBehindASinglePieceOfAnothersFlood) {
  AddMany("sales", 10'000);
  queue_.Add(Grant("finance", "edited"));
  EXPECT_EQ(queue_.Take().size(), NewsQueue::kPiece);
  EXPECT_EQ(queue_.Take(), Piece{Grant("finance", "edited")});
}

// Or it would take as long as the piece of the flood that it is part of.
TEST_F(NewsQueueTest, MixesNoFloodIntoAPieceOfOthers) {
  queue_.Add(Grant("finance", "edited"));
  AddMany("sales", 100);
  queue_.Add(Grant("legal", "edited"));
  EXPECT_EQ(queue_.Take(), Piece{Grant("finance", "edited")});
  const Piece flood = queue_.Take();
  EXPECT_EQ(flood.size(), NewsQueue::kPiece);
  for (const ObjectId& one : flood) EXPECT_EQ(one.ref.ns, "sales");
  EXPECT_EQ(queue_.Take(), Piece{Grant("legal", "edited")});
}

TEST_F(NewsQueueTest, TakesManyNamespacesWithFewEditsTogether) {
  for (const char* ns : {"a", "b", "c"}) AddMany(ns, 2);
  EXPECT_EQ(queue_.Take().size(), 6U);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(NewsQueueTest, LetsTwoFloodsTakeTurns) {
  AddMany("a", 3 * NewsQueue::kPiece);
  AddMany("b", 3 * NewsQueue::kPiece);
  std::string turns;
  while (!queue_.empty()) turns += queue_.Take().begin()->ref.ns;
  EXPECT_EQ(turns, "ababab");
}

TEST_F(NewsQueueTest, DropsNothingOfTenThousandAndKeepsTheirOrder) {
  AddMany("sales", 10'000);
  Piece seen;
  while (!queue_.empty()) {
    const Piece piece = queue_.Take();
    ASSERT_LE(piece.size(), NewsQueue::kPiece);
    if (!seen.empty()) {
      EXPECT_LT(*seen.rbegin(), *piece.begin());
    }
    seen.insert(piece.begin(), piece.end());
  }
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST_F(NewsQueueTest, WhatOnlyGivesDoesNotOvertakeWhatHoldsItBack) {
  AddMany("sales", NewsQueue::kPiece);
  queue_.Add(Grant("sales", "deny"));
  queue_.Add(Grant("sales", Name(0)), NewsQueue::Order::kLast);
  const Piece first = queue_.Take();
  EXPECT_EQ(first.count(Grant("sales", Name(0))), 0U);
  EXPECT_EQ(first.count(Grant("sales", "deny")), 1U);
  EXPECT_EQ(queue_.Take(), Piece{Grant("sales", Name(0))});
}

TEST_F(NewsQueueTest, WhatMayTakeAwayKeepsItsPlace) {
  AddMany("sales", NewsQueue::kPiece + 1);
  queue_.Add(Grant("sales", Name(0)));
  EXPECT_EQ(queue_.Take().count(Grant("sales", Name(0))), 1U);
}

TEST_F(NewsQueueTest, ForgetsWhatIsDroppedAndItsNamespacesTurn) {
  queue_.Add(Grant("sales", "a"));
  queue_.Add(Grant("finance", "b"));
  queue_.Drop(Grant("sales", "a"));
  queue_.Drop(Grant("sales", "unknown"));
  EXPECT_EQ(queue_.Take(), Piece{Grant("finance", "b")});
  EXPECT_TRUE(queue_.Take().empty());
  queue_.Add(Grant("sales", "a"));
  EXPECT_EQ(queue_.Take(), Piece{Grant("sales", "a")});
}

TEST_F(NewsQueueTest, GivesAllAtOnceToWhoReadsEverything) {
  AddMany("a", 50);
  AddMany("b", 1);
  EXPECT_EQ(queue_.TakeAll().size(), 51U);
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.Take().empty());
}

}  // namespace
}  // namespace claviger::testing

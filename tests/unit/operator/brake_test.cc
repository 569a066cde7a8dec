// SPDX-License-Identifier: Apache-2.0
#include "operator/brake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::op {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Inventory Objects(int from, int to) {
  Inventory inventory;
  for (int i = from; i < to; ++i) {
    inventory.objects.insert("Grant/g" + std::to_string(1000 + i) + "/uid");
  }
  return inventory;
}

const Safety kSafety{10, 10, ""};

TEST(BrakeTest, TripsOnMoreThanBothThePercentageAndTheNumber) {
  struct Case {
    int known, left;
    bool trips;
  };
  for (const Case& c :
       {Case{100, 90, false}, Case{100, 89, true}, Case{1000, 900, false},
        Case{1000, 899, true}, Case{11, 0, true}, Case{10, 0, false},
        Case{20, 10, false}, Case{20, 9, true}}) {
    const Verdict verdict = Judge(
        {{"sales", Objects(0, c.known)}, {"other", Objects(0, 1)}},
        {{"sales", Objects(0, c.left)}, {"other", Objects(0, 1)}}, kSafety);
    EXPECT_EQ(verdict.Holds("sales"), c.trips) << c.known << " " << c.left;
    EXPECT_FALSE(verdict.Holds("other"));
    EXPECT_FALSE(verdict.all);
  }
}

TEST(BrakeTest, LetsGoOnlyWhenNothingIsGoneAnyMore) {
  const Inventories known = {{"sales", Objects(0, 30)},
                             {"other", Objects(0, 30)}};
  const Verdict on = Judge(
      known, {{"sales", Objects(12, 30)}, {"other", Objects(0, 30)}}, kSafety);
  // Most came back, and as few are gone elsewhere.
  const Inventories later = {{"sales", Objects(1, 30)},
                             {"other", Objects(1, 30)}};
  const Verdict still = Judge(known, later, kSafety, on);
  EXPECT_TRUE(still.Holds("sales"));
  EXPECT_FALSE(still.Holds("other"));
  ASSERT_THAT(still.brakes, SizeIs(1));
  const Safety confirmed{10, 10, still.brakes[0].confirmation};
  EXPECT_THAT(Judge(known, later, confirmed, on).brakes, IsEmpty());
  EXPECT_THAT(Judge(known, known, kSafety, still).brakes, IsEmpty());
}

TEST(BrakeTest, AReadOfNothingHoldsUntilAllIsBack) {
  Inventories known;
  for (const char* ns : {"a", "b", "c", "d"}) known[ns] = Objects(0, 5);
  const Verdict on = Judge(known, {}, kSafety);
  ASSERT_TRUE(on.all);
  Inventories later = known;
  later["a"] = Objects(0, 4);
  EXPECT_TRUE(Judge(known, later, kSafety, on).all);
  EXPECT_FALSE(Judge(known, later, kSafety).all);
  EXPECT_FALSE(Judge(known, known, kSafety, on).all);
}

TEST(BrakeTest, SaysWhatIsGoneAndHowToConfirm) {
  const Verdict verdict =
      Judge({{"sales", Objects(0, 30)}}, {{"sales", Objects(12, 30)}}, kSafety);
  ASSERT_THAT(verdict.brakes, SizeIs(1));
  const Brake& brake = verdict.brakes[0];
  EXPECT_EQ(brake.ns, "sales");
  EXPECT_EQ(brake.gone, 12u);
  EXPECT_EQ(brake.known, 30u);
  EXPECT_EQ(brake.confirmation.size(), std::string("sales:12345678").size());
  EXPECT_THAT(brake.examples, SizeIs(5));
  EXPECT_EQ(brake.examples[0], "Grant/g1000");
}

TEST(BrakeTest, ConfirmationIsOfExactlyWhatIsGone) {
  const Inventories known = {{"sales", Objects(0, 30)}};
  const Inventories now = {{"sales", Objects(15, 30)}};
  const std::string code = Judge(known, now, kSafety).brakes[0].confirmation;
  EXPECT_THAT(Judge(known, now, {10, 10, code}).brakes, IsEmpty());
  EXPECT_THAT(Judge(known, now, {10, 10, "x:1, " + code}).brakes, IsEmpty());
  EXPECT_THAT(Judge(known, now, {10, 10, code + "0"}).brakes, SizeIs(1));
  EXPECT_THAT(Judge(known, now, {10, 10, "sales"}).brakes, SizeIs(1));
  EXPECT_THAT(Judge(known, {{"sales", Objects(16, 30)}}, {10, 10, code}).brakes,
              SizeIs(1));
}

TEST(BrakeTest, NewObjectsDoNotMakeUpForGoneOnes) {
  const Verdict verdict =
      Judge({{"sales", Objects(0, 30)}}, {{"sales", Objects(20, 90)}}, kSafety);
  EXPECT_TRUE(verdict.Holds("sales"));
}

TEST(BrakeTest, GroupsHoldEverything) {
  const Verdict verdict =
      Judge({{"_cluster", Objects(0, 30)}, {"sales", Objects(0, 5)}},
            {{"sales", Objects(0, 5)}}, kSafety);
  EXPECT_TRUE(verdict.all);
  EXPECT_TRUE(verdict.Holds("sales"));
}

TEST(BrakeTest, EmptyReadHoldsEverythingHoweverSmallTheNamespacesAre) {
  Inventories known;
  for (int i = 0; i < 6; ++i) known["ns" + std::to_string(i)] = Objects(0, 3);
  const Verdict verdict = Judge(known, {}, kSafety);
  EXPECT_TRUE(verdict.all);
  ASSERT_THAT(verdict.brakes, SizeIs(1));
  EXPECT_EQ(verdict.brakes[0].ns, "_all");
  const Safety confirmed{10, 10, verdict.brakes[0].confirmation};
  EXPECT_FALSE(Judge(known, {}, confirmed).all);
}

TEST(BrakeTest, ConfirmedNamespaceIsNotHeldBackByTheEmptyRead) {
  const Inventories known = {{"sales", Objects(0, 30)}};
  const std::string code = Judge(known, {}, kSafety).brakes[0].confirmation;
  EXPECT_THAT(code, ::testing::StartsWith("sales:"));
  EXPECT_THAT(Judge(known, {}, {10, 10, code}).brakes, IsEmpty());
}

TEST(BrakeTest, SmallInstallationIsTakenAtItsWord) {
  EXPECT_THAT(Judge({{"sales", Objects(0, 5)}}, {}, kSafety).brakes, IsEmpty());
}

TEST(BrakeTest, WithoutHistoryNothingTrips) {
  EXPECT_THAT(Judge({}, {{"sales", Objects(0, 500)}}, kSafety).brakes,
              IsEmpty());
}

}  // namespace
}  // namespace claviger::op

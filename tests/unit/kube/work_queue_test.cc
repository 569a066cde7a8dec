// SPDX-License-Identifier: Apache-2.0
#include "kube/work_queue.h"

#include <gtest/gtest.h>

#include "support/fake_random.h"

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;

class WorkQueueTest : public ::testing::Test {
 protected:
  static SteadyTime At(int64_t ms) { return SteadyTime(milliseconds(ms)); }
  void Edit(const std::string& ns, const std::string& item) {
    queue_.Add({ns, item}, WorkPriority::kEdit);
  }
  void Resync(const std::string& ns, const std::string& item) {
    queue_.Add({ns, item}, WorkPriority::kResync);
  }
  // Takes and does all that is ready: "a/1 b/1".
  std::string Drain(int64_t now = 0) {
    std::string taken;
    while (const auto key = queue_.Take(At(now))) {
      taken += taken.empty() ? "" : " ";
      taken += key->ns + "/" + key->item;
      queue_.Done(*key);
    }
    return taken;
  }

  testing::FakeRandom random_;
  WorkQueue queue_{{milliseconds(100), milliseconds(1'000)}, random_};
};

TEST_F(WorkQueueTest, HoldsAKeyOnceHoweverOftenItIsAdded) {
  for (int i = 0; i < 5; ++i) Edit("a", "1");
  EXPECT_EQ(queue_.size(), 1U);
  EXPECT_EQ(Drain(), "a/1");
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(WorkQueueTest, LetsNamespacesTakeTurns) {
  for (const char* item : {"1", "2", "3"}) Edit("big", item);
  Edit("small", "1");
  EXPECT_EQ(Drain(), "big/1 small/1 big/2 big/3");
}

TEST_F(WorkQueueTest, PutsEditsAheadOfResyncs) {
  Resync("a", "1");
  Resync("a", "2");
  Edit("a", "3");
  EXPECT_EQ(Drain(), "a/3 a/1 a/2");
}

TEST_F(WorkQueueTest, MovesAKeyAheadThatIsEditedWhileItWaitsForAResync) {
  Resync("a", "1");
  Resync("a", "2");
  Edit("a", "2");
  EXPECT_EQ(queue_.size(), 2U);
  EXPECT_EQ(Drain(), "a/2 a/1");
}

TEST_F(WorkQueueTest, LetsResyncsThroughAFloodOfEdits) {
  Resync("quiet", "1");
  for (int i = 10; i < 30; ++i) Edit("loud", std::to_string(i));
  EXPECT_EQ(Drain().find("quiet/1"), std::string("loud/10 ").size() * 7);
}

TEST_F(WorkQueueTest, NeverGivesAKeyToTwo) {
  Edit("a", "1");
  const auto key = queue_.Take(At(0));
  ASSERT_TRUE(key);
  Edit("a", "1");
  EXPECT_FALSE(queue_.Take(At(0)));
  queue_.Done(*key);
  EXPECT_EQ(Drain(), "a/1");
}

TEST_F(WorkQueueTest, WaitsLongerAfterEachFailureUpToTheCap) {
  Edit("a", "1");
  std::vector<int64_t> waits;
  int64_t now = 0;
  for (int i = 0; i < 6; ++i) {
    const auto key = queue_.Take(At(now));
    ASSERT_TRUE(key);
    queue_.Retry(*key, At(now));
    const auto next = queue_.NextAt()->time_since_epoch().count();
    EXPECT_FALSE(queue_.Take(At(next - 1)));
    waits.push_back(next - now);
    now = next;
  }
  EXPECT_EQ(waits, (std::vector<int64_t>{50, 100, 200, 400, 500, 500}));
}

TEST_F(WorkQueueTest, ForgetsFailuresOnceItWentWell) {
  Edit("a", "1");
  for (int i = 0; i < 4; ++i) {
    const auto key = queue_.Take(At(10'000 * i));
    ASSERT_TRUE(key);
    queue_.Retry(*key, At(10'000 * i));
  }
  EXPECT_EQ(Drain(100'000), "a/1");
  Edit("a", "1");
  queue_.Retry(*queue_.Take(At(0)), At(0));
  EXPECT_EQ(queue_.NextAt(), At(50));
}

TEST_F(WorkQueueTest, AddsTheServersWishToTheWait) {
  Edit("a", "1");
  queue_.Retry(*queue_.Take(At(0)), At(0), milliseconds(5'000));
  EXPECT_EQ(queue_.NextAt(), At(5'050));
}

TEST_F(WorkQueueTest, TakesAnEditedKeyUpAtOnceThoughItFailed) {
  Edit("a", "1");
  queue_.Retry(*queue_.Take(At(0)), At(0));
  Resync("a", "1");
  EXPECT_EQ(Drain(0), "");
  Edit("a", "1");
  EXPECT_EQ(Drain(0), "a/1");
}

TEST_F(WorkQueueTest, TakesAKeyUpAtOnceThatWasEditedWhileItFailed) {
  Edit("a", "1");
  const auto key = queue_.Take(At(0));
  Edit("a", "1");
  queue_.Retry(*key, At(0));
  EXPECT_EQ(Drain(0), "a/1");
}

TEST_F(WorkQueueTest, WakesATimerAtItsTimeAndTheEarlierOfTwo) {
  queue_.AddAt({"a", "1"}, At(500));
  queue_.AddAt({"a", "1"}, At(300));
  queue_.AddAt({"a", "1"}, At(900));
  EXPECT_EQ(queue_.NextAt(), At(300));
  EXPECT_EQ(Drain(299), "");
  EXPECT_EQ(Drain(300), "a/1");
  EXPECT_FALSE(queue_.NextAt());
}

TEST_F(WorkQueueTest, KeepsATimerThatWasSetDuringTheWork) {
  Edit("a", "1");
  const auto key = queue_.Take(At(0));
  queue_.AddAt(*key, At(300));
  queue_.Done(*key);
  EXPECT_EQ(Drain(299), "");
  EXPECT_EQ(Drain(300), "a/1");
}

TEST_F(WorkQueueTest, DropsNothingOfTenThousandAndServesTheOther) {
  for (int i = 0; i < 10'000; ++i) Edit("loud", std::to_string(i));
  Edit("quiet", "1");
  const auto first = queue_.Take(At(0));
  const auto second = queue_.Take(At(0));
  EXPECT_EQ(second->ns, "quiet");
  queue_.Done(*first);
  queue_.Done(*second);
  int taken = 2;
  while (const auto key = queue_.Take(At(0))) {
    queue_.Done(*key);
    ++taken;
  }
  EXPECT_EQ(taken, 10'001);
}

}  // namespace
}  // namespace claviger::kube

// SPDX-License-Identifier: Apache-2.0
#include "kube/response_inbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/fake_clock.h"

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;

template <typename T>
std::string CodeOf(const Result<T>& result) {
  return result ? "ok" : std::string(ToString(result.error().code));
}

class ResponseInboxTest : public ::testing::Test {
 protected:
  // Whether more is wanted; counts those who may go on.
  bool Put(ResponseInbox& inbox, const std::string& bytes) {
    return inbox.PutBytes(bytes, [this] { ++resumed_; });
  }
  SteadyTime Now() const { return clock_.SteadyNow(); }

  testing::FakeClock clock_;
  int resumed_ = 0;
};

TEST_F(ResponseInboxTest, GivesHeadAndBody) {
  ResponseInbox inbox(clock_, 10);
  inbox.PutHead({200, std::chrono::seconds(3)});
  EXPECT_TRUE(Put(inbox, "ab"));
  EXPECT_TRUE(Put(inbox, "cd"));
  inbox.Finish(std::nullopt);
  const auto head = inbox.WaitForHead(Now());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->retry_after, std::chrono::seconds(3));
  EXPECT_EQ(*inbox.WaitForAll(Now()), "abcd");
  EXPECT_EQ(resumed_, 2);
}

TEST_F(ResponseInboxTest, IsLateAtItsDeadline) {
  ResponseInbox inbox(clock_, 10);
  EXPECT_EQ(CodeOf(inbox.WaitForHead(Now())), "deadline_exceeded");
  EXPECT_EQ(CodeOf(inbox.WaitForAll(Now())), "deadline_exceeded");
  EXPECT_EQ(CodeOf(inbox.WaitForSome(milliseconds(0))), "deadline_exceeded");
}

TEST_F(ResponseInboxTest, RefusesTheByteOverItsLimit) {
  ResponseInbox inbox(clock_, 4);
  EXPECT_TRUE(Put(inbox, "abcd"));
  EXPECT_FALSE(Put(inbox, "e"));
  EXPECT_FALSE(Put(inbox, ""));
  inbox.Finish(Error{ErrorCode::kUnavailable, "later"});
  EXPECT_EQ(CodeOf(inbox.WaitForAll(Now())), "too_large");
}

TEST_F(ResponseInboxTest, TakesALimitThatComesLater) {
  ResponseInbox inbox(clock_, 0);
  EXPECT_TRUE(Put(inbox, "abcd"));
  inbox.Limit(3);
  EXPECT_EQ(CodeOf(inbox.WaitForAll(Now())), "too_large");
}

TEST_F(ResponseInboxTest, LetsTheWriterWaitWhileTooMuchIsHeld) {
  ResponseInbox inbox(clock_, 0);
  EXPECT_TRUE(Put(inbox, std::string(size_t{5} << 20U, 'x')));
  EXPECT_EQ(resumed_, 0);
  EXPECT_EQ(inbox.WaitForSome(milliseconds(0))->size(), size_t{5} << 20U);
  EXPECT_EQ(resumed_, 1);
}

TEST_F(ResponseInboxTest, LetsAWaitingWriterGoWhenItEnds) {
  ResponseInbox inbox(clock_, 0);
  Put(inbox, std::string(size_t{5} << 20U, 'x'));
  inbox.Finish(std::nullopt);
  EXPECT_EQ(resumed_, 1);
  EXPECT_FALSE(Put(inbox, "more"));
}

TEST_F(ResponseInboxTest, GivesWhatArrivedBeforeTheError) {
  ResponseInbox inbox(clock_, 0);
  inbox.PutHead({200, std::nullopt});
  Put(inbox, "ab");
  inbox.Finish(Error{ErrorCode::kUnavailable, "broken"});
  EXPECT_EQ(*inbox.WaitForSome(milliseconds(0)), "ab");
  EXPECT_EQ(CodeOf(inbox.WaitForSome(milliseconds(0))), "unavailable");
}

TEST_F(ResponseInboxTest, EndsAStreamWithEmptyBytes) {
  ResponseInbox inbox(clock_, 0);
  inbox.Finish(std::nullopt);
  EXPECT_EQ(*inbox.WaitForSome(milliseconds(0)), "");
  EXPECT_EQ(CodeOf(inbox.WaitForHead(Now())), "unavailable");
}

TEST_F(ResponseInboxTest, WakesWhoWaitsOnAnotherThread) {
  ResponseInbox inbox(clock_, 0);
  std::string taken;
  std::thread reader([&] {
    while (true) {
      const auto piece = inbox.WaitForSome(std::chrono::hours(1));
      if (!piece || piece->empty()) return;
      taken += *piece;
    }
  });
  for (const char* piece : {"a", "b", "c"}) Put(inbox, piece);
  inbox.Finish(std::nullopt);
  reader.join();
  EXPECT_EQ(taken, "abc");
}

}  // namespace
}  // namespace claviger::kube

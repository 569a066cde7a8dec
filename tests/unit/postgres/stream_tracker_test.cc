// SPDX-License-Identifier: Apache-2.0
#include "postgres/stream_tracker.h"

#include <gtest/gtest.h>

#include <string>

#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

std::string Message(char type, const std::string& body) {
  std::string message;
  AppendMessage(message, type, body);
  return message;
}

TEST(StreamTrackerTest, KnowsWhereAMessageEndsHoweverItIsCut) {
  const std::string bytes = Message('D', "row") + Message('N', "");
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    StreamTracker tracker;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      tracker.Pass(std::string_view(bytes).substr(at, piece));
      const size_t end = std::min(at + piece, bytes.size());
      EXPECT_EQ(tracker.at_boundary(), end == 8 || end == 13) << piece << end;
    }
  }
}

TEST(StreamTrackerTest, KnowsWhetherATransactionIsOpen) {
  StreamTracker tracker;
  EXPECT_EQ(tracker.status(), 0);
  tracker.Pass(Message('Z', "I"));
  EXPECT_EQ(tracker.status(), 'I');
  const std::string open = Message('Z', "T");
  tracker.Pass(std::string_view(open).substr(0, 5));
  EXPECT_EQ(tracker.status(), 'I');
  EXPECT_FALSE(tracker.at_boundary());
  tracker.Pass(std::string_view(open).substr(5));
  EXPECT_EQ(tracker.status(), 'T');
  EXPECT_EQ(tracker.ready_count(), 2U);
  EXPECT_TRUE(tracker.at_boundary());
}

TEST(StreamTrackerTest, IsLostAfterALengthThatCannotBe) {
  StreamTracker tracker;
  tracker.Pass(std::string("D\0\0\0\3", 5));
  EXPECT_TRUE(tracker.lost());
  EXPECT_FALSE(tracker.at_boundary());
  tracker.Pass(Message('Z', "I"));
  EXPECT_EQ(tracker.status(), 0);
}

TEST(StreamTrackerTest, SkipsAMessageOfAGigabyteWithoutHoldingIt) {
  StreamTracker tracker;
  std::string head = "D";
  AppendInt32(head, 1U << 30U);
  tracker.Pass(head);
  const std::string piece(1U << 20U, 'x');
  for (int i = 0; i < 1'023; ++i) tracker.Pass(piece);
  EXPECT_FALSE(tracker.at_boundary());
  tracker.Pass(std::string_view(piece).substr(4));
  EXPECT_TRUE(tracker.at_boundary());
}

}  // namespace
}  // namespace claviger::postgres

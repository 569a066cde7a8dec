// SPDX-License-Identifier: Apache-2.0
#include "http/event_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace claviger::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventParserTest : public ::testing::Test {
 protected:
  std::vector<std::string> taken;
  EventParser parser{[this](std::string_view event, std::string_view data) {
    taken.push_back(std::string(event) + "|" + std::string(data));
  }};
};

TEST_F(EventParserTest, TakesEventsHoweverTheBytesAreCut) {
  const std::string text =
      ":\n\nevent: changed\ndata: own\n\nevent:x\r\ndata:a\r\ndata: b\r\n\r\n";
  for (const char c : text) EXPECT_TRUE(parser.Add({&c, 1}));
  EXPECT_THAT(taken, ElementsAre("changed|own", "x|a\nb"));
}

TEST_F(EventParserTest, PassesOverCommentsUnknownFieldsAndEventsWithoutName) {
  EXPECT_TRUE(parser.Add(": hello\n\nid: 7\nretry: 1\ndata: x\n\nnonsense\n"));
  EXPECT_THAT(taken, IsEmpty());
}

TEST_F(EventParserTest, TakesNothingOverItsBounds) {
  EXPECT_FALSE(parser.Add("event: " + std::string(2'000, 'x') + "\n\n"));
  EXPECT_FALSE(parser.Add("event: later\n\n"));
  EXPECT_THAT(taken, IsEmpty());
}

TEST_F(EventParserTest, BoundsTheDataOfOneEvent) {
  std::string text = "event: big\n";
  for (int i = 0; i < 5; ++i) text += "data: " + std::string(500, 'x') + "\n";
  EXPECT_FALSE(parser.Add(text + "\n"));
  EXPECT_THAT(taken, IsEmpty());
}

}  // namespace
}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
#include "dev/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dev/role_tokens.h"

namespace claviger::dev {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(DurationTest, ReadsSecondsAndUnits) {
  EXPECT_EQ(ParseDuration("0"), seconds(0));
  EXPECT_EQ(ParseDuration("90"), seconds(90));
  EXPECT_EQ(ParseDuration("1h30m5s"), seconds(5405));
  EXPECT_EQ(ParseDuration("2d"), seconds(172'800));
  EXPECT_EQ(ParseDuration("-5s"), seconds(-5));
}

TEST(DurationTest, RefusesAnythingElse) {
  for (const char* text : {"", "-", "x", "1x", "h", "1h5", "1.5h", " 1h", "1 h",
                           "99999999999", "9999999999h", "--1"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(DurationTest, IsShownAsGoDoes) {
  EXPECT_EQ(FormatDuration(seconds(0)), "0s");
  EXPECT_EQ(FormatDuration(seconds(59)), "59s");
  EXPECT_EQ(FormatDuration(seconds(60)), "1m0s");
  EXPECT_EQ(FormatDuration(seconds(5400)), "1h30m0s");
  EXPECT_EQ(FormatDuration(seconds(86'400)), "24h0m0s");
}

TEST(FieldsTest, AreReadLeniently) {
  const json body = {{"text", 5},           {"flag", "true"},
                     {"number", "7"},       {"list", " a, b ,,c"},
                     {"items", {"x y", 5}}, {"ttl", "1h"},
                     {"map", {{"k", true}}}};
  std::string text;
  bool flag = false;
  int64_t number = 0;
  int64_t ttl = 0;
  std::vector<std::string> list;
  std::vector<std::string> items;
  std::map<std::string, std::string> map;
  Fields fields(body);
  fields.Read("text", text)
      .Read("flag", flag)
      .Read("number", number)
      .Read("list", list)
      .Read("items", items)
      .ReadSeconds("ttl", ttl)
      .Read("map", map);
  ASSERT_TRUE(fields.status());
  EXPECT_EQ(text, "5");
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(ttl, 3600);
  EXPECT_THAT(list, ElementsAre("a", "b", "c"));
  EXPECT_THAT(items, ElementsAre("x y", "5"));
  EXPECT_EQ(map["k"], "true");
}

TEST(FieldsTest, AbsentOnesLeaveTheValueAlone) {
  const json body = json::object();
  std::string text = "kept";
  int64_t ttl = 3;
  Fields fields(body);
  fields.Read("text", text).ReadSeconds("ttl", ttl);
  EXPECT_TRUE(fields.status());
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(ttl, 3);
}

TEST(FieldsTest, TheFirstMistakeIsKept) {
  const json body = {{"a", json::array()}, {"b", "x"}};
  std::string text;
  int64_t number = 0;
  Fields fields(body);
  fields.Read("a", text).Read("b", number);
  ASSERT_FALSE(fields.status());
  EXPECT_EQ(fields.status().error().message,
            "error converting input for field \"a\": expected text");
}

TEST(GlobTest, StarStandsForAnyText) {
  EXPECT_TRUE(MatchesGlob("*", ""));
  EXPECT_TRUE(MatchesGlob("a*", "a"));
  EXPECT_TRUE(MatchesGlob("a*c", "abc"));
  EXPECT_TRUE(MatchesGlob("*b*b", "abab"));
  EXPECT_TRUE(MatchesGlob("a**", "a"));
  EXPECT_FALSE(MatchesGlob("a", "ab"));
  EXPECT_FALSE(MatchesGlob("a*c", "abd"));
  EXPECT_FALSE(MatchesGlob("", "a"));
  EXPECT_FALSE(MatchesGlob("a?", "ab"));
}

TEST(GlobTest, TakesItsTimeLinearlyOnHostilePatterns) {
  EXPECT_FALSE(MatchesGlob("*a*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace claviger::dev

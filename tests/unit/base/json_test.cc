// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace claviger {
namespace {

ErrorCode CodeOf(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = ParseJson(text, limits);
  return parsed ? ErrorCode::kInternal : parsed.error().code;
}

TEST(JsonTest, ReadsNestedValuesOfEveryType) {
  const auto parsed =
      ParseJson(R"({"a":[1,-2,2.5,true,null,"x"],"b":{"c":{}},"d":[[],[{}]]})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->dump(),
            R"({"a":[1,-2,2.5,true,null,"x"],"b":{"c":{}},"d":[[],[{}]]})");
}

TEST(JsonTest, RefusesWhatIsNotOneJsonValue) {
  for (const char* text : {"", "{", "{}{}", "nul", "[1,]", "{\"a\":}", "'a'",
                           "\"\xff\"", "[1e400]", "// no\n{}"}) {
    EXPECT_EQ(CodeOf(text), ErrorCode::kMalformed) << text;
  }
}

TEST(JsonTest, RefusesDuplicateKeys) {
  EXPECT_EQ(CodeOf(R"({"a":1,"a":2})"), ErrorCode::kMalformed);
  EXPECT_EQ(CodeOf(R"({"x":{"a":1,"b":2,"a":3}})"), ErrorCode::kMalformed);
  EXPECT_TRUE(ParseJson(R"({"a":{"a":1},"b":{"a":2}})").has_value());
}

TEST(JsonTest, StopsAtTheDepthLimitWithoutRecursing) {
  EXPECT_EQ(CodeOf(std::string(65, '[') + std::string(65, ']')),
            ErrorCode::kTooLarge);
  EXPECT_TRUE(
      ParseJson(std::string(64, '[') + std::string(64, ']')).has_value());
  EXPECT_EQ(CodeOf(std::string(1'000'000, '[')), ErrorCode::kTooLarge);
}

TEST(JsonTest, StopsAtTheByteAndValueLimits) {
  JsonLimits limits;
  limits.max_bytes = 10;
  EXPECT_EQ(CodeOf("[1,2,3,4,5]", limits), ErrorCode::kTooLarge);
  limits.max_bytes = 1000;
  limits.max_values = 5;
  EXPECT_EQ(CodeOf("[1,2,3,4,5]", limits), ErrorCode::kTooLarge);
  EXPECT_TRUE(ParseJson("[1,2,3,4]", limits).has_value());
}

TEST(JsonTest, ErrorsNeverQuoteTheText) {
  const auto parsed = ParseJson(R"({"password":"canary-7d1f", oops)");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().message.find("canary"), std::string::npos);
}

TEST(JsonTest, DumpReplacesInvalidUtf8InsteadOfThrowing) {
  EXPECT_EQ(DumpJson(nlohmann::json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace claviger

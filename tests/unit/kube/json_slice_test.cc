// SPDX-License-Identifier: Apache-2.0
#include "kube/json_slice.h"

#include <gtest/gtest.h>

namespace claviger::kube {
namespace {

// "a=1|b=[2]", or the error's code.
std::string Members(std::string_view text) {
  std::string found;
  const Status read = ForEachMember(
      text, [&](std::string_view key, std::string_view value) -> Status {
        if (!found.empty()) found += '|';
        found.append(key).append("=").append(value);
        return {};
      });
  return read ? found : std::string(ToString(read.error().code));
}

std::string Elements(std::string_view text) {
  std::string found;
  const Status read =
      ForEachElement(text, [&](std::string_view value) -> Status {
        found.append(value).append("|");
        return {};
      });
  return read ? found : std::string(ToString(read.error().code));
}

TEST(JsonSliceTest, FindsMembersWithTheirTexts) {
  EXPECT_EQ(Members("{}"), "");
  EXPECT_EQ(Members(R"( { "a" : 1 , "b":[2,{"c":"}]"}] } )"),
            R"(a=1|b=[2,{"c":"}]"}])");
  EXPECT_EQ(Members(R"({"a":"x\"y","b":-1.5e+3,"c":null})"),
            R"(a="x\"y"|b=-1.5e+3|c=null)");
}

TEST(JsonSliceTest, FindsElementsWithTheirTexts) {
  EXPECT_EQ(Elements("[]"), "");
  EXPECT_EQ(Elements(R"([1, "]", [2], {"a":3} ])"), R"(1|"]"|[2]|{"a":3}|)");
}

TEST(JsonSliceTest, RefusesWhatIsNotOneWholeValue) {
  const std::string whole = R"({"a":{"b":["c",1]},"d":"e"})";
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(Members(std::string_view(whole).substr(0, cut)), "malformed")
        << cut;
  }
  for (const char* text :
       {R"({"a":1}x)", R"({"a":1,})", R"({,"a":1})", R"({"a" 1})", R"({a:1})",
        R"({"a":1 "b":2})", R"({"a":[}])", R"({"a":})", "[1]", "{\"a\n\":1}"}) {
    EXPECT_EQ(Members(text), "malformed") << text;
  }
  for (const char* text : {"[1,]", "[,1]", "[1 2]", "[1]]", "{}", "[", ""}) {
    EXPECT_EQ(Elements(text), "malformed") << text;
  }
}

TEST(JsonSliceTest, RefusesASecondSpellingOrValueOfAKey) {
  EXPECT_EQ(Members(R"({"a":1,"a":2})"), "malformed");
  EXPECT_EQ(Members(R"({"\u0061":1})"), "malformed");
}

TEST(JsonSliceTest, RefusesManyMembersAndDeepNesting) {
  std::string many = "{";
  for (int i = 0; i < 65; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  many.back() = '}';
  EXPECT_EQ(Members(many), "malformed");
  const auto nested = [](size_t depth) {
    return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_NE(Members(nested(kMaxJsonDepth)), "malformed");
  EXPECT_EQ(Members(nested(kMaxJsonDepth + 1)), "malformed");
}

TEST(JsonSliceTest, ReadsStrings) {
  EXPECT_EQ(*StringOf(R"("sales")"), "sales");
  EXPECT_EQ(*StringOf(R"("a\u0062\n")"), "ab\n");
  for (const char* text : {"", "\"", "1", "null", R"("a"b")", R"("\x")"}) {
    EXPECT_FALSE(StringOf(text)) << text;
  }
}

TEST(JsonSliceTest, EndsWithTheVisitorsFirstError) {
  int visits = 0;
  const Status read =
      ForEachElement("[1,2,3]", [&](std::string_view) -> Status {
        ++visits;
        return Fail(ErrorCode::kTooLarge, "enough");
      });
  EXPECT_EQ(read.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace claviger::kube

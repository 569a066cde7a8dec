// SPDX-License-Identifier: Apache-2.0
#include "vault/wire.h"

#include <gtest/gtest.h>

namespace claviger::vault {
namespace {

TEST(RawMemberTest, CutsTheValueOutOfItsText) {
  const std::string_view text =
      R"( { "a" : [1,{"x":"}"}] , "b":{"c" :"d\"}{", "e": -1.5e3 ,"f":null}})";
  EXPECT_EQ(RawMember(text, {"a"}), R"([1,{"x":"}"}])");
  EXPECT_EQ(RawMember(text, {"b"}), R"({"c" :"d\"}{", "e": -1.5e3 ,"f":null})");
  EXPECT_EQ(RawMember(text, {"b", "c"}), R"("d\"}{")");
  EXPECT_EQ(RawMember(text, {"b", "e"}), "-1.5e3");
  EXPECT_EQ(RawMember(text, {"b", "f"}), "null");
}

TEST(RawMemberTest, FindsNothingWhereThereIsNothing) {
  EXPECT_EQ(RawMember(R"({"a":1})", {"b"}), "");
  EXPECT_EQ(RawMember(R"({"a":1})", {"a", "b"}), "");
  EXPECT_EQ(RawMember(R"({"x":{"b":1}})", {"b"}), "") << "not at this level";
  EXPECT_EQ(RawMember(R"(["a",1])", {"a"}), "");
  EXPECT_EQ(RawMember("{}", {"a"}), "");
  EXPECT_EQ(RawMember("", {"a"}), "");
}

TEST(RawMemberTest, StaysWithinBrokenText) {
  for (const char* text : {"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"",
                           "{\"a\":\"\\", "{\"a\":{", "{\"a\":[\"", "{\"b\":1,",
                           "{\"b\" \"a\":1", "{,", "{\"\\"}) {
    EXPECT_LE(RawMember(text, {"a"}).size(), 2U) << text;
  }
}

TEST(DocumentTest, ReadsMembersInTheirType) {
  const auto document = Document::Parse(
      R"({"a":{"s":"x","n":7,"l":["p","q"],"e":null}})", "read y");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(*document->String({"a", "s"}), "x");
  EXPECT_EQ(*document->Integer({"a", "n"}), 7);
  EXPECT_EQ(*document->Strings({"a", "l"}),
            (std::vector<std::string>{"p", "q"}));
  EXPECT_TRUE(document->Strings({"a", "e"})->empty());
  EXPECT_TRUE(document->Strings({"a", "none"})->empty());
  EXPECT_EQ(document->Find({"a", "s", "deeper"}), nullptr);
}

TEST(DocumentTest, NamesWhatIsMissingAndNeverWhatIsThere) {
  const auto document =
      Document::Parse(R"({"a":{"s":"canary","n":1.5}})", "read y");
  for (const Error& error : {document->Integer({"a", "s"}).error(),
                             document->Integer({"a", "n"}).error(),
                             document->String({"a", "n"}).error(),
                             document->Strings({"a", "s"}).error()}) {
    EXPECT_EQ(error.code, ErrorCode::kMalformed);
    EXPECT_EQ(error.message.find("canary"), std::string::npos);
  }
  EXPECT_EQ(document->String({"b", "c"}).error().message,
            "read y: the answer has no proper b.c");
}

TEST(DocumentTest, TakesObjectsOnlyAndWithinBounds) {
  const auto code = [](const std::string& text) {
    return ToString(Document::Parse(text, "x").error().code);
  };
  EXPECT_EQ(code("[]"), "malformed");
  EXPECT_EQ(code("7"), "malformed");
  EXPECT_EQ(code(""), "malformed");
  EXPECT_EQ(code("{} {}"), "malformed");
  EXPECT_EQ(code("{\"a\":\"\xff\"}"), "malformed");
  EXPECT_EQ(code("{\"a\":" + std::string(100, '[')), "too_large");
}

TEST(PlainObjectTest, BuildsWithoutRoomForACopy) {
  const auto text = PlainObject({{"role", "a.b-c_d"}, {"jwt", "e30.e30"}});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, R"({"role":"a.b-c_d","jwt":"e30.e30"})");
  EXPECT_EQ(*PlainObject({}), "{}");
}

TEST(PlainObjectTest, RefusesWhatWouldNeedAnEscape) {
  for (const char* value : {"a\"", "a\\", "a b", "a\n", "\xc3\xa9", "a/b"}) {
    const auto text = PlainObject({{"jwt", value}});
    ASSERT_FALSE(text) << value;
    EXPECT_EQ(text.error().message,
              "jwt holds a character it may not, or is too long");
  }
}

}  // namespace
}  // namespace claviger::vault

// SPDX-License-Identifier: Apache-2.0
//
// The two readers of documents, and the tree they build.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "model/document.h"
#include "model/json_reader.h"
#include "model/yaml_reader.h"

namespace claviger::model {
namespace {

using ::testing::HasSubstr;

std::string Repeat(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// The first flaw of a tree, depth first.
Flaw FirstFlaw(const Node& node) {
  if (node.flaw != Flaw::kNone) return node.flaw;
  for (const Node& child : node.children) {
    const Flaw flaw = FirstFlaw(child);
    if (flaw != Flaw::kNone) return flaw;
  }
  return Flaw::kNone;
}

TEST(YamlReaderTest, KeepsLinesAndQuotes) {
  const Documents documents = ReadYaml("a: 1\nb:\n  - 'x'\n  - y\n");
  ASSERT_EQ(documents.roots.size(), 1U);
  EXPECT_EQ(documents.whole, 1U);
  EXPECT_FALSE(documents.error.has_value());
  const Node& root = documents.roots[0];
  EXPECT_EQ(root.Find("a")->text, "1");
  EXPECT_FALSE(root.Find("a")->quoted);
  const Node& list = *root.Find("b");
  EXPECT_EQ(list.key_line, 2);
  EXPECT_EQ(list.line, 3);
  EXPECT_TRUE(list.children[0].quoted);
  EXPECT_EQ(list.children[1].line, 4);
  EXPECT_FALSE(list.children[1].quoted);
}

TEST(YamlReaderTest, ReadsSeveralDocumentsAndLeavesOutEmptyOnes) {
  const Documents documents = ReadYaml("---\na: 1\n---\n---\n# x\n---\nb: 2\n");
  ASSERT_EQ(documents.roots.size(), 2U);
  EXPECT_EQ(documents.roots[1].line, 7);
}

TEST(YamlReaderTest, MarksWhatIsRefusedAndReadsOn) {
  struct Case {
    const char* text;
    Flaw flaw;
  };
  for (const Case& c : {
           Case{"a: &x 1\n", Flaw::kAnchor},
           Case{"a: &x {b: 1}\n", Flaw::kAnchor},
           Case{"a: &x [b]\n", Flaw::kAnchor},
           Case{"a: &x\n", Flaw::kAnchor},
           Case{"a: [&x b, *x]\n", Flaw::kAnchor},
           Case{"a: !secret x\n", Flaw::kTag},
           Case{"a: !!binary aGk=\n", Flaw::kTag},
           Case{"a: !!set {b: 1}\n", Flaw::kTag},
           Case{"a: 1\na: 2\n", Flaw::kDuplicateKey},
           Case{"a: {b: 1, \"b\": 2}\n", Flaw::kDuplicateKey},
           Case{"a: {<<: {b: 1}}\n", Flaw::kMergeKey},
           Case{"? [a, b]\n: 1\n", Flaw::kKeyNotText},
           Case{"? {a: [b]}\n: {c: d}\n", Flaw::kKeyNotText},
           Case{"~: 1\n", Flaw::kKeyNotText},
       }) {
    const Documents documents = ReadYaml(std::string(c.text) + "---\nz: 1\n");
    EXPECT_FALSE(documents.error.has_value()) << c.text;
    ASSERT_EQ(documents.roots.size(), 2U) << c.text;
    EXPECT_EQ(FirstFlaw(documents.roots[0]), c.flaw) << c.text;
    EXPECT_EQ(FirstFlaw(documents.roots[1]), Flaw::kNone) << c.text;
  }
}

TEST(YamlReaderTest, AcceptsTheCoreTags) {
  const Documents documents = ReadYaml(
      "!!map {a: !!str 1, b: !!int \"2\", c: !!seq [], d: !!bool true}");
  ASSERT_EQ(documents.roots.size(), 1U);
  EXPECT_EQ(FirstFlaw(documents.roots[0]), Flaw::kNone);
  EXPECT_TRUE(documents.roots[0].Find("a")->quoted);
  EXPECT_FALSE(documents.roots[0].Find("b")->quoted);
}

TEST(YamlReaderTest, MarksAliases) {
  const Documents documents = ReadYaml("a: &x 1\nb: *x\n*x : 2\n");
  ASSERT_EQ(documents.roots.size(), 1U);
  const Node& root = documents.roots[0];
  EXPECT_EQ(root.Find("b")->flaw, Flaw::kAlias);
  EXPECT_EQ(root.children[2].flaw, Flaw::kAlias);
}

TEST(YamlReaderTest, DoesNotExpandAliasBombs) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string n = std::to_string(i);
    const std::string p = "*a" + std::to_string(i - 1);
    bomb += "a" + n + ": &a" + n + " [" + p + ", " + p + "]\n";
  }
  const Documents documents = ReadYaml(bomb);
  ASSERT_EQ(documents.roots.size(), 1U);
  EXPECT_EQ(documents.roots[0].children.size(), 30U);
}

TEST(YamlReaderTest, StopsAtASyntaxErrorAndSaysWhere) {
  const Documents documents =
      ReadYaml("a: 1\n---\nb: [1, 2\nc: }\n---\nd: 1\n");
  ASSERT_TRUE(documents.error.has_value());
  EXPECT_EQ(documents.error->line, 4);
  EXPECT_EQ(documents.whole, 1U);
  ASSERT_EQ(documents.roots.size(), 2U);
  EXPECT_NE(documents.roots[1].Find("b"), nullptr);
}

// The library would take the end of the file for the closing quote, and the
// effect for a part of the reason.
TEST(YamlReaderTest, RefusesAQuoteThatIsNeverClosed) {
  for (const char* text :
       {"reason: \"a\neffect: Deny\n", "reason: 'a\neffect: Deny\n", "a: \"b",
        "a: 'b", "a: !!str \"b\n\n"}) {
    const Documents documents = ReadYaml(text);
    ASSERT_TRUE(documents.error.has_value()) << text;
    EXPECT_EQ(documents.error->what, "unexpected end of file") << text;
    EXPECT_EQ(documents.whole, 0U);
  }
}

TEST(YamlReaderTest, ReadsTextThatEndsInAnyWay) {
  for (const char* text :
       {"a: b", "a: b\n...\n", "a: b\n---", "a: |\n b\n c", "a: >+\n b\n\n",
        "a: b # end", "a:\n- b", "a: b\r\n", "{a: b}", "---\na: b\n...\n# x"}) {
    const Documents documents = ReadYaml(text);
    EXPECT_FALSE(documents.error.has_value()) << text;
    EXPECT_EQ(documents.roots.size(), 1U) << text;
  }
}

// The library would take the second map for a document of its own.
TEST(YamlReaderTest, RefusesTextLeftOverAfterADocument) {
  const Documents documents = ReadYaml("{a: 1}\n{b: 2}\n");
  ASSERT_TRUE(documents.error.has_value());
  EXPECT_EQ(documents.error->line, 2);
  EXPECT_EQ(documents.whole, 0U);
}

TEST(YamlReaderTest, BoundsDepthAndCountOfValues) {
  const Documents deep =
      ReadYaml("a: " + Repeat("[", 65) + Repeat("]", 65) + "\nb: 1\n");
  ASSERT_EQ(deep.roots.size(), 1U);
  EXPECT_EQ(FirstFlaw(deep.roots[0]), Flaw::kTooDeep);
  EXPECT_NE(deep.roots[0].Find("b"), nullptr);
  const Documents fits =
      ReadYaml("a: " + Repeat("[", 63) + Repeat("]", 63) + "\n");
  EXPECT_EQ(FirstFlaw(fits.roots[0]), Flaw::kNone);
  const Documents wide = ReadYaml("a: [" + Repeat("1,", 300'000) + "1]");
  ASSERT_EQ(wide.roots.size(), 1U);
  EXPECT_EQ(wide.roots[0].flaw, Flaw::kTooLarge);
}

TEST(YamlReaderTest, GivesUpOnNestingThatTheLibraryCannotFollow) {
  const Documents documents = ReadYaml(Repeat("[", 100'000));
  EXPECT_TRUE(documents.error.has_value());
}

TEST(JsonReaderTest, KeepsLinesAndTypes) {
  const Documents documents = ReadJson(
      "{\"a\": 1,\n \"b\": [\"x\",\n  12\n ,\n  true], \"c\":\n null,\n"
      "\"d\": -1.5e3\n}\n");
  ASSERT_EQ(documents.roots.size(), 1U);
  EXPECT_EQ(documents.whole, 1U);
  const Node& root = documents.roots[0];
  EXPECT_EQ(root.line, 1);
  EXPECT_EQ(root.Find("a")->line, 1);
  const Node& list = *root.Find("b");
  EXPECT_EQ(list.key_line, 2);
  EXPECT_TRUE(list.children[0].quoted);
  EXPECT_EQ(list.children[0].line, 2);
  EXPECT_EQ(list.children[1].text, "12");
  EXPECT_EQ(list.children[1].line, 3);
  EXPECT_EQ(list.children[2].text, "true");
  EXPECT_FALSE(list.children[2].quoted);
  EXPECT_EQ(list.children[2].line, 5);
  EXPECT_EQ(root.Find("c")->kind, Node::Kind::kNull);
  EXPECT_EQ(root.Find("c")->line, 6);
  EXPECT_EQ(root.Find("d")->text, "-1.5e3");
}

TEST(JsonReaderTest, MarksDuplicateKeysAndDepth) {
  EXPECT_EQ(FirstFlaw(ReadJson("{\"a\":1,\"a\":2}").roots[0]),
            Flaw::kDuplicateKey);
  EXPECT_EQ(
      FirstFlaw(ReadJson(Repeat("[", 20'000) + Repeat("]", 20'000)).roots[0]),
      Flaw::kTooDeep);
}

TEST(JsonReaderTest, StopsAtASyntaxErrorAndSaysWhere) {
  struct Case {
    const char* text;
    int line;
    const char* what;
  };
  for (const Case& c : {
           Case{"{\"a\": 1,\n \"b\": }", 2, "invalid JSON"},
           Case{"{\"a\": 1}\n{\"b\": 2}", 2, "invalid JSON"},
           Case{"", 1, "invalid JSON"},
           Case{"{\"a\":\n\"\xff\"}", 2, "invalid JSON"},
           Case{"{\"a\": 1e400}", 1, "number out of range"},
           Case{"{\"a\": 01}", 1, "invalid JSON"},
           Case{"{'a': 1}", 1, "invalid JSON"},
       }) {
    const Documents documents = ReadJson(c.text);
    ASSERT_TRUE(documents.error.has_value()) << c.text;
    EXPECT_EQ(documents.error->line, c.line) << c.text;
    EXPECT_EQ(documents.error->what, c.what) << c.text;
    EXPECT_EQ(documents.whole, 0U) << c.text;
  }
}

TEST(JsonReaderTest, KeepsWhatWasReadBeforeTheError) {
  const Documents documents = ReadJson("{\"a\": {\"b\": 1, \"c\"");
  ASSERT_EQ(documents.roots.size(), 1U);
  EXPECT_EQ(documents.roots[0].Find("a")->Find("b")->text, "1");
}

TEST(ApiJsonTest, RefusesWhatParseJsonRefusesInTheSameWords) {
  const JsonLimits limits{2'000, 8, 20};
  const std::string texts[] = {
      "",
      "{",
      R"({"a":1} x)",
      R"({"a":1,"b":{"c":1,"c":2}})",
      R"({"metadata":{"managedFields":[],"managedFields":[]}})",
      "{\"a\":\"\xC3\"}",
      "{\"a\":\"\x01\"}",
      R"({"a":1e999})",
      Repeat("[", 8) + Repeat("]", 8),
      Repeat("[", 9) + Repeat("]", 9),
      "[" + Repeat("1,", 18) + "1]",
      "[" + Repeat("1,", 19) + "1]",
      R"({"metadata":{"managedFields":[)" + Repeat("1,", 19) + "1]}}",
      R"({"metadata":{"managedFields":)" + Repeat("[", 9) + Repeat("]", 9) +
          "}}",
      "\"" + Repeat("x", 2'000) + "\"",
  };
  for (const std::string& text : texts) {
    const auto expected = ParseJson(text, limits);
    const auto read = ReadApiJson(text, limits);
    ASSERT_EQ(read.has_value(), expected.has_value()) << text;
    if (read) continue;
    EXPECT_EQ(read.error().message, expected.error().message) << text;
    EXPECT_EQ(read.error().code, expected.error().code) << text;
  }
}

TEST(ApiJsonTest, PassesOverWhoManagesWhichField) {
  const auto root = ReadApiJson(
      R"({"metadata":{"name":"a","managedFields":[{"f:b":{"x":[]}},{}],)"
      R"("uid":"u"},"spec":{"managedFields":[1],"metadata":{)"
      R"("managedFields":[2]}},"status":{"grants":4}})",
      {});
  ASSERT_TRUE(root.has_value());
  const Node& metadata = *root->Find("metadata");
  ASSERT_EQ(metadata.children.size(), 3U);
  EXPECT_TRUE(metadata.Find("managedFields")->children.empty());
  EXPECT_EQ(metadata.Find("uid")->text, "u");
  const Node& spec = *root->Find("spec");
  EXPECT_EQ(spec.Find("managedFields")->children.size(), 1U);
  EXPECT_EQ(spec.Find("metadata")->Find("managedFields")->children[0].text,
            "2");
  EXPECT_EQ(root->Find("status")->Find("grants")->text, "4");
}

// More keys than are compared one by one.
TEST(ApiJsonTest, FindsADuplicateAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(ReadApiJson(text + "\"100\":0}", {}).has_value());
  for (const char* key : {"3", "16", "99"}) {
    EXPECT_FALSE(ReadApiJson(text + "\"" + key + "\":0}", {}).has_value());
  }
}

}  // namespace
}  // namespace claviger::model

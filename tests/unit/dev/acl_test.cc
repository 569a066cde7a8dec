// SPDX-License-Identifier: Apache-2.0
//
// Which rule decides. Every row was put to a real Vault 1.21 and answered the
// same there.
#include "dev/acl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr const char* kRead = "read";
constexpr const char* kUpdate = "update";
constexpr const char* kDeny = "deny";

using Rules = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const Policy> Make(const Rules& rules) {
  json paths = json::object();
  for (const auto& [path, capability] : rules) {
    json& list = paths[path]["capabilities"];
    list = json::array();
    if (!capability.empty()) list.push_back(capability);
  }
  return *Policy::Parse(DumpJson(json{{"path", paths}}));
}

struct Row {
  const char* name;
  std::vector<Rules> policies;
  const char* path;
  std::vector<std::string> expected;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class AclTest : public ::testing::TestWithParam<Row> {};

TEST_P(AclTest, AnswersAsVaultDoes) {
  std::vector<std::shared_ptr<const Policy>> policies;
  for (const Rules& rules : GetParam().policies)
    policies.push_back(Make(rules));
  EXPECT_EQ(Acl(policies, false).On(GetParam().path, true).Names(),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    ExactPaths, AclTest,
    ::testing::Values(
        Row{"BeatAGlob", {{{"s/a*", kUpdate}, {"s/a", kRead}}}, "s/a", {kRead}},
        Row{"LeaveTheRestToTheGlob",
            {{{"s/a*", kUpdate}, {"s/a", kRead}}},
            "s/ab",
            {kUpdate}},
        Row{"BeatADenyingGlob",
            {{{"s/*", kDeny}, {"s/a", kRead}}},
            "s/a",
            {kRead}},
        Row{"MayDeny", {{{"s/*", kRead}, {"s/a", kDeny}}}, "s/a", {kDeny}},
        Row{"UniteAcrossPolicies",
            {{{"s/a", kRead}}, {{"s/a", kUpdate}}},
            "s/a",
            {kRead, kUpdate}},
        Row{"DenyBeatsAnotherPolicy",
            {{{"s/a", kRead}}, {{"s/a", kDeny}}},
            "s/a",
            {kDeny}},
        Row{"WithoutCapabilitiesDeny", {{{"s/a", ""}}}, "s/a", {kDeny}},
        Row{"WithoutCapabilitiesStillBeatAGlob",
            {{{"s/a", ""}, {"s/*", kRead}}},
            "s/a",
            {kDeny}},
        Row{"WithoutCapabilitiesTakeThoseOfAnotherPolicy",
            {{{"s/a", ""}}, {{"s/a", kRead}}},
            "s/a",
            {kRead}},
        Row{"TreatLeadingSlashAsAbsent", {{{"/s/a", kRead}}}, "s/a", {kRead}},
        Row{"DoNotCoverWhatIsBelow", {{{"s/a", kRead}}}, "s/a/b", {kDeny}},
        Row{"KnowCapitals", {{{"S/a", kRead}}}, "s/a", {kDeny}},
        Row{"AreNothingWhenEmpty", {{{"", kRead}}}, "x", {kDeny}},
        Row{"HoldAStarInTheMiddleLiterally",
            {{{"s/*/x", kRead}}},
            "s/a/x",
            {kDeny}},
        Row{"HoldAStarBeforeTextLiterally",
            {{{"s/*a", kRead}}},
            "s/ba",
            {kDeny}}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Globs, AclTest,
    ::testing::Values(
        Row{"LongestPrefixWins",
            {{{"s/*", kRead}, {"s/a/*", kUpdate}}},
            "s/a/b",
            {kUpdate}},
        Row{"UniteAcrossPolicies",
            {{{"s/a*", kRead}}, {{"s/a*", kUpdate}}},
            "s/ax",
            {kRead, kUpdate}},
        Row{"StarAloneIsEverything", {{{"*", kRead}}}, "s/a/b", {kRead}},
        Row{"PrefixEndsAnywhere", {{{"s/a*", kRead}}}, "s/ab", {kRead}},
        Row{"PrefixWithSlashWantsTheSlash",
            {{{"s/a/*", kRead}}},
            "s/a",
            {kDeny}},
        Row{"PlusIsOneSegment", {{{"s/+/x", kRead}}}, "s/a/x", {kRead}},
        Row{"PlusIsNotTwoSegments", {{{"+", kRead}}}, "a/b", {kDeny}},
        Row{"PlusMayBeEmpty", {{{"s/+/x", kRead}}}, "s//x", {kRead}},
        Row{"PlusWantsItsSlash", {{{"s/+", kRead}}}, "s", {kDeny}},
        Row{"PlusInASegmentIsLiteral", {{{"s/a+b", kRead}}}, "s/axb", {kDeny}},
        Row{"PlusAtASegmentsEndIsLiteral",
            {{{"s/c+", kUpdate}}},
            "s/c+",
            {kUpdate}},
        Row{"PlusWithPrefix", {{{"s/+/x*", kRead}}}, "s/a/xy/z", {kRead}},
        Row{"PlusWithPrefixWantsTheSegment",
            {{{"s/+/x*", kRead}}},
            "s/a/y",
            {kDeny}}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Priority, AclTest,
    ::testing::Values(Row{"LaterFirstWildcardWins",
                          {{{"s/+/b/c", kRead}, {"s/a/+/c", kUpdate}}},
                          "s/a/b/c",
                          {kUpdate}},
                      Row{"LaterFirstWildcardWinsEvenAsAGlob",
                          {{{"s/a/b*", kRead}, {"s/+/bc", kUpdate}}},
                          "s/a/bc",
                          {kRead}},
                      Row{"LaterFirstWildcardWinsOverPlusAndGlob",
                          {{{"s/+/*", kRead}, {"s/a*", kUpdate}}},
                          "s/a/b",
                          {kUpdate}},
                      Row{"NoTrailingStarWins",
                          {{{"s/+", kRead}, {"s/*", kUpdate}}},
                          "s/a",
                          {kRead}},
                      Row{"NoTrailingStarWinsAtTheSamePlace",
                          {{{"s/a/*", kRead}, {"s/a/+/c", kUpdate}}},
                          "s/a/b/c",
                          {kUpdate}},
                      Row{"NoTrailingStarWinsBeforeFewerPluses",
                          {{{"s/+/b/*", kRead}, {"s/+/+/c", kUpdate}}},
                          "s/a/b/c",
                          {kUpdate}},
                      Row{"FewerPlusesWin",
                          {{{"s/+/+/d*", kRead}, {"s/+/c/d*", kUpdate}}},
                          "s/a/c/de",
                          {kUpdate}},
                      Row{"LongerWins",
                          {{{"s/+/bb*", kRead}, {"s/+/b*", kUpdate}}},
                          "s/a/bbb",
                          {kRead}},
                      Row{"LaterInTheAlphabetWins",
                          {{{"s/+/+/d", kRead}, {"s/+/c/+", kUpdate}}},
                          "s/a/c/d",
                          {kUpdate}},
                      Row{"LaterInTheAlphabetWinsTheOtherWayRound",
                          {{{"s/+/b/+/d", kRead}, {"s/+/+/c/d", kUpdate}}},
                          "s/a/b/c/d",
                          {kRead}},
                      Row{"DenyOnALessSpecificPatternDoesNotStopIt",
                          {{{"s/+/x", kDeny}, {"s/a/*", kRead}}},
                          "s/a/x",
                          {kRead}},
                      Row{"DenyOnTheSamePatternDoes",
                          {{{"s/+/x", kRead}}, {{"s/+/x", kDeny}}},
                          "s/a/x",
                          {kDeny}},
                      Row{"MoreSpecificPolicyDecidesAlone",
                          {{{"s/+", kRead}},
                           {{"s/+/*", kUpdate}, {"s/+", kDeny}}},
                          "s/a",
                          {kDeny}},
                      Row{"LiteralPlusIsNoWildcard",
                          {{{"s/a+b/+", kRead}, {"s/+/d", kUpdate}}},
                          "s/a+b/d",
                          {kRead}}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Folders, AclTest,
    ::testing::Values(
        Row{"RuleWithoutSlashCoversTheFolder",
            {{{"s/a", kRead}}},
            "s/a/",
            {kRead}},
        Row{"RuleWithSlashIsTheFolderOnly",
            {{{"s/a/", kRead}}},
            "s/a",
            {kDeny}},
        Row{"RuleWithSlashComesFirst",
            {{{"s/a/", kDeny}, {"s/a", kRead}}},
            "s/a/",
            {kDeny}},
        Row{"PatternWithoutSlashComesFirst",
            {{{"s/+", kRead}, {"s/a/*", kUpdate}}},
            "s/a/",
            {kRead}},
        Row{"ShorterGlobComesFirst",
            {{{"s/*", kRead}, {"s/a/*", kUpdate}}},
            "s/a/",
            {kRead}},
        Row{"PatternWithSlashIsNext",
            {{{"s/+/+", kRead}, {"s/a/*", kUpdate}}},
            "s/a/",
            {kUpdate}},
        Row{"OnlyOneSlashIsTakenAway", {{{"s/+", kRead}}}, "s/a//", {kDeny}}),
    [](const auto& test) { return test.param.name; });

TEST(AclRequestTest, OnlyListingLooksBehindTheSlash) {
  const Acl acl({Make({{"s/a", kRead}, {"t/+", kRead}})}, false);
  EXPECT_TRUE(acl.On("s/a/", true).Allows(Capability::kRead));
  EXPECT_FALSE(acl.On("s/a/", false).Allows(Capability::kRead));
  EXPECT_FALSE(acl.On("t/a/", false).Allows(Capability::kRead));
}

TEST(AclRequestTest, RootMayEverything) {
  const Acl acl({}, true);
  EXPECT_TRUE(acl.On("sys/seal", false).Allows(Capability::kSudo));
  EXPECT_THAT(acl.On("x", true).Names(), ::testing::ElementsAre("root"));
}

TEST(AclRequestTest, ReachesIntoAMountWhereARuleAllowsSomething) {
  const Acl acl(
      {Make({{"secret/data/a", kRead}, {"kv/x", kDeny}, {"data+/+", kRead}})},
      false);
  EXPECT_TRUE(acl.ReachesInto("secret/"));
  EXPECT_FALSE(acl.ReachesInto("kv/"));
  EXPECT_FALSE(acl.ReachesInto("other/"));
}

TEST(PolicyTest, KnowsAllCapabilitiesAndSortsThem) {
  const auto policy = Policy::Parse(
      R"({"path":{"a":{"capabilities":["update","sudo","subscribe","recover",
          "read","patch","list","delete","create"]}}})");
  ASSERT_TRUE(policy);
  EXPECT_THAT(
      Acl({*policy}, false).On("a", false).Names(),
      ::testing::ElementsAre("create", "delete", "list", "patch", "read",
                             "recover", "subscribe", "sudo", "update"));
}

TEST(PolicyTest, TakesNameAndNothing) {
  EXPECT_TRUE(Policy::Parse("{}"));
  EXPECT_TRUE(Policy::Parse(R"({"name":"x","path":{"a":{}}})"));
}

TEST(PolicyTest, RefusesWhatVaultRefuses) {
  for (const char* text :
       {"", "not json", "[]", R"({"paths":{}})", R"({"path":"a"})",
        R"({"path":{"a":5}})", R"({"path":{"a":{"foo":1}}})",
        R"({"path":{"a":{"capabilities":"read"}}})",
        R"({"path":{"a":{"capabilities":["reed"]}}})",
        R"({"path":{"a":{"capabilities":["READ"]}}})",
        R"({"path":{"a":{"capabilities":[5]}}})",
        R"({"path":{"s/+*":{"capabilities":["read"]}}})",
        R"({"path":{"a":{}},"path":{"b":{}}})"}) {
    const auto policy = Policy::Parse(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_EQ(policy.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(policy.error().message,
                ::testing::StartsWith("failed to parse policy: "));
  }
}

}  // namespace
}  // namespace claviger::dev

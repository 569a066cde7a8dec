// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_code.h"

namespace claviger::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ArgumentsTest, ReadsEveryFlagOfExplain) {
  const ParsedArguments parsed = ParseArguments({"explain",
                                                 "-f",
                                                 "m",
                                                 "--config",
                                                 "c.yaml",
                                                 "--as",
                                                 "user/alice",
                                                 "--carrier",
                                                 "sa/bi/web",
                                                 "--at",
                                                 "2026-12-01T00:00:00Z",
                                                 "--deliver",
                                                 "disclose",
                                                 "--slot",
                                                 "grant/x",
                                                 "--enrolled",
                                                 "--claim",
                                                 "groups=a,b",
                                                 "--claim",
                                                 "team=c",
                                                 "sales/dw",
                                                 "-o",
                                                 "json"});
  ASSERT_TRUE(parsed.command.has_value()) << parsed.text;
  const auto& options = std::get<ExplainOptions>(*parsed.command);
  EXPECT_EQ(options.common.manifests, "m");
  EXPECT_EQ(options.common.config, "c.yaml");
  EXPECT_TRUE(options.common.json);
  EXPECT_EQ(options.question.as, "user/alice");
  EXPECT_EQ(options.question.carrier, "sa/bi/web");
  EXPECT_EQ(options.question.at, "2026-12-01T00:00:00Z");
  EXPECT_EQ(options.question.deliver, "disclose");
  EXPECT_EQ(options.question.slot, "grant/x");
  EXPECT_TRUE(options.question.enrolled);
  EXPECT_THAT(options.question.claims, ElementsAre("groups=a,b", "team=c"));
  EXPECT_EQ(options.question.connection, "sales/dw");
}

TEST(ArgumentsTest, AClaimDoesNotSwallowWhatFollows) {
  const ParsedArguments parsed = ParseArguments(
      {"explain", "-f", "m", "--as", "user/a", "--claim", "g=x", "sales/dw"});
  ASSERT_TRUE(parsed.command.has_value()) << parsed.text;
  EXPECT_EQ(std::get<ExplainOptions>(*parsed.command).question.connection,
            "sales/dw");
}

TEST(ArgumentsTest, DefaultsAreInjectNowAndText) {
  const ParsedArguments parsed =
      ParseArguments({"explain", "-f", "m", "--as", "user/a", "sales/dw"});
  ASSERT_TRUE(parsed.command.has_value()) << parsed.text;
  const auto& options = std::get<ExplainOptions>(*parsed.command);
  EXPECT_EQ(options.question.deliver, "inject");
  EXPECT_EQ(options.question.at, "");
  EXPECT_FALSE(options.question.slot.has_value());
  EXPECT_FALSE(options.common.json);
}

TEST(ArgumentsTest, ReadsEveryFlagOfDev) {
  const ParsedArguments parsed =
      ParseArguments({"dev", "--as", "sa/a/b", "--as", "sa/c/d", "--vault",
                      "http://v:8200", "--token-file", "t", "--socket-dir", "s",
                      "--ready-file", "r", "-o", "json", "dir"});
  ASSERT_TRUE(parsed.command.has_value()) << parsed.text;
  const auto& options = std::get<DevOptions>(*parsed.command);
  EXPECT_EQ(options.directory, "dir");
  EXPECT_THAT(options.as, ElementsAre("sa/a/b", "sa/c/d"));
  EXPECT_EQ(options.vault, "http://v:8200");
  EXPECT_EQ(options.token_file, "t");
  EXPECT_EQ(options.socket_directory, "s");
  EXPECT_EQ(options.ready_file, "r");
  EXPECT_TRUE(options.json);
}

TEST(ArgumentsTest, HelpIsAnAnswerWithExamples) {
  for (const char* command : {"lint", "explain", "can", "who", "plan", "dev"}) {
    const ParsedArguments parsed = ParseArguments({command, "--help"});
    EXPECT_FALSE(parsed.command.has_value());
    EXPECT_EQ(parsed.exit_code, kExitYes) << command;
    EXPECT_THAT(parsed.text, HasSubstr("Examples:")) << command;
    EXPECT_THAT(parsed.text, HasSubstr("--output")) << command;
  }
}

TEST(ArgumentsTest, VersionIsAnAnswer) {
  const ParsedArguments parsed = ParseArguments({"--version"});
  EXPECT_EQ(parsed.exit_code, kExitYes);
  EXPECT_THAT(parsed.text, HasSubstr("claviger "));
}

struct WrongUsage {
  const char* name;
  std::vector<std::string> arguments;
  const char* says;
};

class WrongUsageTest : public ::testing::TestWithParam<WrongUsage> {};

TEST_P(WrongUsageTest, ExitsTwoAndSaysWhatIsWrong) {
  const ParsedArguments parsed = ParseArguments(GetParam().arguments);
  EXPECT_FALSE(parsed.command.has_value());
  EXPECT_EQ(parsed.exit_code, kExitUsage);
  EXPECT_THAT(parsed.text, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongUsageTest,
    ::testing::Values(
        WrongUsage{"NoCommand", {}, "subcommand is required"},
        WrongUsage{"UnknownCommand", {"frob", "-f", "m"}, "frob"},
        WrongUsage{"NoManifests", {"lint"}, "-f"},
        WrongUsage{"NoCaller", {"explain", "-f", "m", "a/b"}, "--as"},
        WrongUsage{"NoConnection",
                   {"explain", "-f", "m", "--as", "user/a"},
                   "connection is required"},
        WrongUsage{"UnknownFlag", {"lint", "-f", "m", "--frob"}, "--frob"},
        WrongUsage{
            "UnknownOutput", {"lint", "-f", "m", "-o", "xml"}, "{text,json}"},
        WrongUsage{"UnknownDelivery",
                   {"who", "-f", "m", "--deliver", "mail", "a/b"},
                   "{inject,disclose}"},
        WrongUsage{"UnknownPrivilege",
                   {"can", "-f", "m", "--as", "user/a", "own", "a/b"},
                   "readSecret"},
        WrongUsage{"PlanWithoutConfig", {"plan", "-f", "m"}, "--config"},
        WrongUsage{"DevWithoutDirectory", {"dev"}, "directory"},
        WrongUsage{"OneTooMany", {"lint", "-f", "m", "extra"}, "extra"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace claviger::cli

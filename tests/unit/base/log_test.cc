// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/spdlog_logger.h"

namespace claviger {
namespace {

nlohmann::json LoggedLine(LogLevel threshold, LogLevel level,
                          std::string_view message,
                          std::initializer_list<LogField> fields) {
  ::testing::internal::CaptureStderr();
  MakeStderrLogger(threshold, "sidecar")->Log(level, message, fields);
  const std::string text = ::testing::internal::GetCapturedStderr();
  if (text.empty()) return nullptr;
  return ParseJson(text.substr(0, text.find('\n'))).value_or("not JSON");
}

TEST(LoggerTest, WritesOneJsonObjectPerLine) {
  const auto line =
      LoggedLine(LogLevel::kInfo, LogLevel::kWarning, "lease renewed",
                 {{"ttl_s", 60}, {"ok", true}, {"share", 0.5}, {"who", "a"}});
  EXPECT_EQ(line["component"], "sidecar");
  EXPECT_EQ(line["message"], "lease renewed");
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["ttl_s"], 60);
  EXPECT_EQ(line["ok"], true);
  EXPECT_EQ(line["share"], 0.5);
  EXPECT_EQ(line["who"], "a");
  EXPECT_TRUE(line.contains("time"));
}

TEST(LoggerTest, EscapesWhatCouldForgeALine) {
  const auto line = LoggedLine(LogLevel::kInfo, LogLevel::kInfo, "x",
                               {{"text", "a\"}\n{\"level\":\"error\"%v"}});
  EXPECT_EQ(line["text"], "a\"}\n{\"level\":\"error\"%v");
}

TEST(LoggerTest, CutsLongFields) {
  const std::string text(5000, 'a');
  const auto line =
      LoggedLine(LogLevel::kInfo, LogLevel::kInfo, "x", {{"text", text}});
  EXPECT_EQ(line["text"].get<std::string>().size(), 1024U);
}

TEST(LoggerTest, DropsLinesBelowTheLevel) {
  EXPECT_TRUE(
      LoggedLine(LogLevel::kWarning, LogLevel::kInfo, "x", {}).is_null());
}

TEST(LogLevelTest, ReadsTheFourNamesAndNothingElse) {
  EXPECT_EQ(ParseLogLevel("debug").value_or(LogLevel::kError),
            LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error").value_or(LogLevel::kDebug),
            LogLevel::kError);
  EXPECT_FALSE(ParseLogLevel("INFO").has_value());
  EXPECT_FALSE(ParseLogLevel("").has_value());
}

}  // namespace
}  // namespace claviger

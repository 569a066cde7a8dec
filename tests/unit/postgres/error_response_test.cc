// SPDX-License-Identifier: Apache-2.0
#include "postgres/error_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/wire.h"

namespace claviger::postgres {
namespace {

using ::testing::HasSubstr;

ErrorFields Again(const ErrorFields& error) {
  const std::string message = MakeError(error);
  EXPECT_EQ(message[0], 'E');
  EXPECT_EQ(message.back(), '\0');
  return ReadError(std::string_view(message).substr(MessageHead::kSize));
}

TEST(ErrorResponseTest, ReadsWhatItMakes) {
  const ErrorFields again =
      Again({"28000", "not allowed", "why", "what to do"});
  EXPECT_EQ(again.sqlstate, "28000");
  EXPECT_EQ(again.message, "not allowed");
  EXPECT_EQ(again.detail, "why");
  EXPECT_EQ(again.hint, "what to do");
}

TEST(ErrorResponseTest, AlwaysHasWhatClientsRelyOn) {
  const std::string message = MakeError({});
  EXPECT_THAT(message, HasSubstr(std::string("SFATAL\0VFATAL\0C08004\0", 20)));
  EXPECT_EQ(Again({"no", "x", "", ""}).sqlstate, "08004");
  EXPECT_EQ(Again({}).message, "failed");
}

TEST(ErrorResponseTest, LetsNoControlCharacterThrough) {
  const ErrorFields again =
      Again({"08001", std::string("a\0b\nc\x7f", 6), "", ""});
  EXPECT_EQ(again.message, "a b c ");
}

TEST(ErrorResponseTest, CutsLongTextsBetweenCharacters) {
  std::string long_text = "x";
  for (int i = 0; i < 1'000; ++i) long_text += "\xC3\xA4";
  const std::string message = Again({"08001", long_text, "", ""}).message;
  EXPECT_EQ(message.size(), 1'023U);
  EXPECT_EQ(message, long_text.substr(0, 1'023));
}

TEST(ErrorResponseTest, BoundsTheFieldsItReads) {
  std::string body;
  for (int i = 0; i < 100; ++i) {
    body += 'X';
    body += '\0';
  }
  body += std::string("Mlate\0", 6);
  EXPECT_EQ(ReadError(body).message, "");
}

}  // namespace
}  // namespace claviger::postgres

// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

namespace claviger {
namespace {

std::string RoundTrip(std::string_view text) {
  const Result<Time> time = ParseRfc3339(text);
  return time ? FormatRfc3339(*time) : "refused";
}

TEST(Rfc3339Test, ReadsUtcOffsetsAndFractionsAndWritesUtcSeconds) {
  EXPECT_EQ(RoundTrip("2026-12-01T00:00:00Z"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(RoundTrip("2026-12-01T01:30:00+01:30"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(RoundTrip("2026-11-30T23:00:00-01:00"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(RoundTrip("2026-12-01T00:00:00.999Z"), "2026-12-01T00:00:00Z");
  EXPECT_EQ(RoundTrip("2028-02-29T12:00:00Z"), "2028-02-29T12:00:00Z");
}

TEST(Rfc3339Test, KeepsMillisecondsOfAFraction) {
  EXPECT_EQ(*ParseRfc3339("1970-01-01T00:00:00.25Z"),
            Time(std::chrono::milliseconds(250)));
}

TEST(Rfc3339Test, RefusesWhatIsNotADateTime) {
  for (const char* text :
       {"", "2026-12-01", "2026-12-01T00:00:00", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z",
        "2026-12-01T00:00:60Z", "2026-12-01T00:00:00.Z", "2026-12-01 00:00:00Z",
        "2026-12-01T00:00:00+1:00", "2026-12-01T00:00:00Zx", "tomorrow"}) {
    EXPECT_EQ(RoundTrip(text), "refused") << text;
  }
}

}  // namespace
}  // namespace claviger

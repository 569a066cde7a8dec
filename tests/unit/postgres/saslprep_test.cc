// SPDX-License-Identifier: Apache-2.0
#include "postgres/saslprep.h"

#include <gtest/gtest.h>

namespace claviger::postgres {
namespace {

TEST(SaslPrepTest, LeavesWhatIsAlreadyPrepared) {
  for (const char* password :
       {"", "pencil", "p\xc3\xa4ssw\xc3\xb6rd", "\xd0\xbf\xd0\xb0\xd1\x80\xd0",
        "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
        "\xe5\xaf\x86\xe7\xa0\x81", "\xed\x95\x9c\xea\xb8\x80",
        "\xe2\x82\xac 5", "\xf0\x9f\x94\x91"}) {
    EXPECT_FALSE(IsChangedBySaslPrep(password)) << password;
  }
}

// The examples of RFC 4013, section 3, and what people meet.
TEST(SaslPrepTest, KnowsWhatWouldBecomeAnother) {
  for (const char* password :
       {"I\xc2\xadX",                // a soft hyphen goes
        "\xc2\xaa",                  // becomes "a"
        "\xe2\x85\xa8",              // becomes "IX"
        "a\xc2\xa0z",                // a no-break space becomes a space
        "a\xcc\x88",                 // joins to one letter
        "\xef\xac\x81",              // the ligature fi
        "\xef\xbc\xa1",              // a wide A
        "\xe3\x80\x80",              // a wide space
        "\xe1\x84\x92\xe1\x85\xa1",  // Hangul in parts
        "\xe2\x84\xab",              // Angstrom sign
        "\xf0\x9d\x90\x80",          // mathematical bold A
        "\xf0\xaf\xa8\x9d"}) {
    EXPECT_TRUE(IsChangedBySaslPrep(password)) << password;
  }
}

TEST(SaslPrepTest, TakesWhatIsNoTextAsItIs) {
  for (const char* password :
       {"\xff", "\xc2", "a\xc2\xa0\xff", "\xa0", "\xe2\x85", "\xe2(\xa8",
        "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(IsChangedBySaslPrep(password));
  }
}

}  // namespace
}  // namespace claviger::postgres

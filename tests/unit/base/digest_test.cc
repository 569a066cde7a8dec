// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <gtest/gtest.h>

namespace claviger {
namespace {

TEST(DigestTest, Sha256OfTheStandardVector) {
  EXPECT_EQ(Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, test case 2.
TEST(DigestTest, HmacSha256OfTheStandardVector) {
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c7"
            "5a003f089d2739839dec58b964ec3843");
}

TEST(DigestTest, UuidV5IsStableAndMarkedAsVersionFive) {
  const std::string uuid = UuidV5("Connection/sales/warehouse");
  EXPECT_EQ(uuid, UuidV5("Connection/sales/warehouse"));
  EXPECT_NE(uuid, UuidV5("Connection/sales/warehouse2"));
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '5');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
  for (const size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[dash], '-');
}

// RFC 4648, section 10.
TEST(DigestTest, Base64OfTheStandardVectors) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
}

TEST(DigestTest, Base64UrlRoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::string part = bytes.substr(0, length);
    const auto decoded = Base64UrlDecode(Base64UrlEncode(part));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, part);
  }
}

TEST(DigestTest, Base64UrlRefusesOtherAlphabetsPaddingAndBadLengths) {
  for (const char* text : {"Zg==", "+/+/", "Zg Zg", "A", "AAAAA", "\xff\xff"}) {
    EXPECT_FALSE(Base64UrlDecode(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace claviger

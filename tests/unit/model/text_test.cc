// SPDX-License-Identifier: Apache-2.0
#include "model/text.h"

#include <gtest/gtest.h>

#include "model/host.h"

namespace claviger::model {
namespace {

TEST(TextTest, FindsInvalidUtf8AndControlCharacters) {
  EXPECT_FALSE(FindBadText("plain\ttext\r\n").has_value());
  EXPECT_FALSE(FindBadText("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"));
  EXPECT_EQ(FindBadText("a\nb\x04rest")->line, 2);
  EXPECT_EQ(FindBadText(std::string_view("a\0b", 3))->what,
            "control character");
  EXPECT_EQ(FindBadText("\x7f")->what, "control character");
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "a\xe2\x82"}) {
    ASSERT_TRUE(FindBadText(bad).has_value());
    EXPECT_EQ(FindBadText(bad)->what, "invalid UTF-8");
  }
}

TEST(TextTest, FindsLineEndsThatReadersDisagreeAbout) {
  EXPECT_FALSE(FindOddLineEnd("a\r\nb\n").has_value());
  EXPECT_EQ(FindOddLineEnd("a\nb\rc")->line, 2);
  EXPECT_EQ(FindOddLineEnd("a\r")->what, "lone carriage return");
  for (const char* odd : {"a\xc2\x85", "a\xe2\x80\xa8", "a\xe2\x80\xa9"}) {
    ASSERT_TRUE(FindOddLineEnd(odd).has_value());
    EXPECT_EQ(FindOddLineEnd(odd)->what, "odd line end");
  }
}

TEST(TextTest, ShowsNothingThatCouldSteerATerminal) {
  EXPECT_EQ(Quoted("a\x1b[31mb"), "\"a?[31mb\"");
  EXPECT_EQ(Quoted("\xd0\xb0"), "\"??\"");
  EXPECT_EQ(Printable(std::string(300, 'x')), std::string(64, 'x') + "...");
}

TEST(TextTest, SuggestsTheNearestWordOnly) {
  EXPECT_EQ(Nearest("provder", {"provider", "owner"}), "provider");
  EXPECT_EQ(Nearest("PROVIDER", {"provider", "owner"}), "provider");
  EXPECT_EQ(Nearest("deny", {"Allow", "Deny"}), "Deny");
  EXPECT_EQ(Nearest("user", {"username", "password"}), "username");
  EXPECT_FALSE(Nearest("banana", {"provider", "owner"}).has_value());
  EXPECT_FALSE(Nearest("", {"a"}).has_value());
  EXPECT_FALSE(Nearest(std::string(5000, 'a'), {"provider"}).has_value());
}

TEST(TextTest, CountsCharactersNotBytes) {
  EXPECT_EQ(CountCharacters("caf\xc3\xa9"), 4U);
}

TEST(HostTest, AcceptsNamesAndAddresses) {
  for (const char* good : {"dw.corp", "localhost", "a-1.b", "10.0.0.1", "::1",
                           "2001:db8::1", "1a.corp", "4.corp"}) {
    EXPECT_TRUE(IsHost(good)) << good;
  }
}

// Resolvers would take most of these for an address, each in its own way.
TEST(HostTest, RefusesWhatIsNeither) {
  for (const char* bad : {"",
                          "DW.corp",
                          "dw..corp",
                          "dw.corp.",
                          "dw_1.corp",
                          "-a",
                          "a b",
                          "2130706433",
                          "127.1",
                          "1.2.3.4.5",
                          "0x7f000001",
                          "010.0.0.1",
                          "256.1.1.1",
                          "fe80::1%eth0",
                          "[::1]",
                          "dw.corp:5432",
                          "a*",
                          "a+b",
                          "%2e",
                          "xn--\xc3\xa9",
                          "user@dw.corp",
                          "dw.corp/x"}) {
    EXPECT_FALSE(IsHost(bad)) << bad;
  }
}

TEST(HostTest, ReadsHostsWithPorts) {
  for (const char* good : {"a.corp", "a.corp:1", "a.corp:65535", "10.0.0.1:80",
                           "[::1]:80", "::1"}) {
    EXPECT_TRUE(IsHostWithPort(good)) << good;
  }
  for (const char* bad :
       {"a.corp:0", "a.corp:65536", "a.corp:080", "a.corp:", "a.corp:x",
        "a.corp:123456", "[a.corp]:80", "[::1]", ":80", ""}) {
    EXPECT_FALSE(IsHostWithPort(bad)) << bad;
  }
}

TEST(HostTest, ChecksUrls) {
  for (const char* good :
       {"https://a.corp", "https://a.corp/", "http://a.corp:8080/v1/x_y~z",
        "https://[::1]", "https://[::1]:8443/a",
        "https://10.0.0.1/a@b:c=d,e"}) {
    EXPECT_FALSE(FindUrlFault(good).has_value()) << good;
  }
  struct Case {
    const char* url;
    const char* fault;
  };
  for (const Case& c : {
           Case{"ftp://a.corp", "does not begin with https://"},
           Case{"HTTPS://a.corp", "does not begin with https://"},
           Case{"a.corp", "does not begin with https://"},
           Case{"https://", "has no valid host and port"},
           Case{"https:///x", "has no valid host and port"},
           Case{"https://A.corp", "has no valid host and port"},
           Case{"https://a.corp:0", "has no valid host and port"},
           Case{"https://::1", "has no valid host and port"},
           Case{"https://[::1", "has no valid host and port"},
           Case{"https://a corp", "has no valid host and port"},
           Case{"https://a.corp\\@b.corp", "has user information"},
           Case{"https://user:pw@a.corp", "has user information"},
           Case{"https://a.corp/#x", "has a fragment"},
           Case{"https://a.corp?x", "has a query"},
           Case{"https://a.corp/../x",
                "has a path with characters that are not accepted"},
           Case{"https://a.corp/%2e",
                "has a path with characters that are not accepted"},
           Case{"https://a.corp//x",
                "has a path with characters that are not accepted"},
           Case{"https://a.corp/a*",
                "has a path with characters that are not accepted"},
       }) {
    EXPECT_EQ(FindUrlFault(c.url).value_or("nothing"), c.fault) << c.url;
  }
}

TEST(HostTest, ChecksUrlPaths) {
  for (const char* good : {"/", "/a", "/a/", "/a.b/c-d"}) {
    EXPECT_TRUE(IsUrlPath(good)) << good;
  }
  for (const char* bad : {"", "a", "//", "/a//b", "/..", "/a/../b", "/./a",
                          "/a/.", "/a+b", "/{x}", "/a b", "/a\"b", "/a?b"}) {
    EXPECT_FALSE(IsUrlPath(bad)) << bad;
  }
}

TEST(PemTest, AcceptsCertificatesOnly) {
  const std::string one =
      "-----BEGIN CERTIFICATE-----\nTUlJ\nQQ==\n-----END CERTIFICATE-----\n";
  EXPECT_FALSE(FindPemFault(one).has_value());
  EXPECT_FALSE(FindPemFault("\n" + one + "\n" + one).has_value());
  EXPECT_EQ(FindPemFault(" \n"), "holds no certificate");
  EXPECT_EQ(FindPemFault("<PEM>"), "is not PEM");
  EXPECT_EQ(FindPemFault(one + "x"), "is not PEM");
  EXPECT_EQ(FindPemFault("-----BEGIN PRIVATE KEY-----\nTUlJ\n"
                         "-----END PRIVATE KEY-----\n"),
            "holds something other than certificates");
  EXPECT_EQ(FindPemFault("-----BEGIN CERTIFICATE-----\nTUlJ\n"),
            "has a certificate without end");
  EXPECT_EQ(FindPemFault("-----BEGIN CERTIFICATE-----\n\n"
                         "-----END CERTIFICATE-----\n"),
            "has a certificate that is not base64");
  EXPECT_EQ(FindPemFault("-----BEGIN CERTIFICATE-----\nTU*J\n"
                         "-----END CERTIFICATE-----\n"),
            "has a certificate that is not base64");
}

}  // namespace
}  // namespace claviger::model

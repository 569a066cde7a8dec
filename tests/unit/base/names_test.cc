// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace claviger {
namespace {

// What must never get into a name that reaches Vault, in any field.
std::vector<std::string> HostileNames() {
  return {"",
          "a\"b",
          "a*",
          "a+",
          "..",
          "%2e",
          "a%2fb",
          "ROOT",
          "Root",
          " root",
          "a b\n",
          "a\tb",
          "a\\b",
          "{{identity.entity.name}}",
          "caf\xC3\xA9",   // precomposed
          "\xD0\xB0lice",  // a Cyrillic look-alike
          "a\xE2\x80\x8B"
          "b",  // zero-width space
          std::string("a\0b", 3),
          std::string(300, 'a')};
}

TEST(NamesTest, HostileNamesAreRefusedEverywhere) {
  for (const std::string& name : HostileNames()) {
    EXPECT_FALSE(IsDnsLabel(name)) << name;
    EXPECT_FALSE(IsDnsSubdomain(name)) << name;
    EXPECT_FALSE(IsVaultSegment(name)) << name;
    EXPECT_FALSE(IsVaultPath("secret/" + name)) << name;
    EXPECT_FALSE(IsClusterName(name)) << name;
    EXPECT_FALSE(IsUserName(name)) << name;
  }
}

TEST(NamesTest, KubernetesNamesFollowRfc1123) {
  EXPECT_TRUE(IsDnsLabel("sales-eu"));
  EXPECT_TRUE(IsDnsLabel(std::string(63, 'a')));
  EXPECT_FALSE(IsDnsLabel(std::string(64, 'a')));
  EXPECT_FALSE(IsDnsLabel("sales.eu"));
  EXPECT_FALSE(IsDnsLabel("-sales"));
  EXPECT_FALSE(IsDnsLabel("sales-"));
  EXPECT_TRUE(IsDnsSubdomain("nightly.v2-a"));
  EXPECT_FALSE(IsDnsSubdomain("nightly..v2"));
  EXPECT_FALSE(IsDnsSubdomain(".nightly"));
  EXPECT_TRUE(IsDnsSubdomain(std::string(253, 'a')));
  EXPECT_FALSE(IsDnsSubdomain(std::string(254, 'a')));
}

TEST(NamesTest, VaultPathsAreSegmentsAndSingleSlashes) {
  EXPECT_TRUE(IsVaultPath("secret/data/Sales_1/dw.v2-x"));
  EXPECT_TRUE(IsVaultPath("secret/mysql/root"));
  for (const char* path :
       {"/secret", "secret/", "secret//x", "secret/./x", "secret/../x",
        "secret/.hidden", "secret/-x", "secret/x?version=1", "secret/x#y"}) {
    EXPECT_FALSE(IsVaultPath(path)) << path;
  }
}

TEST(NamesTest, OurOwnSegmentsMayHoldWholeKubernetesNames) {
  const std::string id =
      "sa." + std::string(63, 'n') + "." + std::string(253, 's');
  EXPECT_FALSE(IsVaultPath("claviger/data/c/bindings/" + id));
  EXPECT_TRUE(IsApiPath("claviger/data/c/bindings/" + id));
  EXPECT_FALSE(IsApiPath("claviger/data/c/bindings/" + std::string(513, 'a')));
  EXPECT_FALSE(IsApiPath("a/../b"));
}

TEST(NamesTest, UserNamesAreWhatIdentityTokensCarry) {
  EXPECT_TRUE(IsUserName("alice"));
  EXPECT_TRUE(IsUserName("alice@corp.example"));
  EXPECT_TRUE(IsUserName("CN=Alice Smith,OU=Sales"));
  EXPECT_TRUE(IsUserName("https://issuer#alice"));
  EXPECT_FALSE(IsUserName(" alice"));
  EXPECT_FALSE(IsUserName("alice "));
  EXPECT_FALSE(IsUserName(std::string(257, 'a')));
}

}  // namespace
}  // namespace claviger

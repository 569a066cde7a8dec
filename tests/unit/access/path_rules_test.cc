// SPDX-License-Identifier: Apache-2.0
#include "access/path_rules.h"

#include <gtest/gtest.h>

#include "support/builders.h"

namespace claviger::testing {
namespace {

using access::CheckPath;
using access::CheckPathRules;
using access::MountRule;
using access::PathRules;
using model::Engine;

PathRules Rules(std::vector<MountRule> mounts) {
  PathRules rules;
  rules.allow_all = false;
  rules.cluster = "prod-eu";
  rules.mounts = std::move(mounts);
  return rules;
}

// The mounts of the configuration's own example.
PathRules ExampleRules() {
  return Rules({{"secret", Engine::kKv2, {"{namespace}/+", "{namespace}/+/+"}},
                {"database", Engine::kDatabase, {"{namespace}.+"}}});
}

bool May(const PathRules& rules, const std::string& connection,
         const model::VaultRef& ref) {
  const auto refusal = CheckPath(rules, Ref(connection), ref);
  EXPECT_EQ(refusal ? refusal->reason : "PathNotAllowed", "PathNotAllowed");
  return !refusal;
}

TEST(PathRulesTest, LetANamespaceNameItsOwnPaths) {
  const PathRules rules = ExampleRules();
  EXPECT_TRUE(May(rules, "sales/dw", Kv2("secret", "sales/warehouse")));
  EXPECT_TRUE(May(rules, "sales/dw", Kv2("secret", "sales/eu/warehouse")));
  EXPECT_TRUE(May(rules, "sales/dw", DatabaseRole("database", "sales.ro")));
}

TEST(PathRulesTest, MatchSegmentBySegment) {
  const PathRules rules = ExampleRules();
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("secret", "sales")));
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("secret", "sales/a/b/c")));
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("secret", "shared/sales")));
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("secret", "hr/pay")));
}

TEST(PathRulesTest, KeepNamespacesApartThatBeginAlike) {
  const PathRules rules = ExampleRules();
  for (const char* ns : {"sales", "sales-eu", "sale", "s"}) {
    const std::string connection = std::string(ns) + "/dw";
    EXPECT_EQ(May(rules, connection, Kv2("secret", "sales-eu/dw")),
              std::string(ns) == "sales-eu")
        << ns;
    EXPECT_EQ(May(rules, connection, Kv2("secret", "sales/dw")),
              std::string(ns) == "sales")
        << ns;
    EXPECT_EQ(May(rules, connection, DatabaseRole("database", "sales-eu.ro")),
              std::string(ns) == "sales-eu")
        << ns;
    EXPECT_EQ(May(rules, connection, DatabaseRole("database", "sales.eu.ro")),
              std::string(ns) == "sales")
        << ns;
  }
}

TEST(PathRulesTest, WantSomethingBehindTheDot) {
  const PathRules rules = ExampleRules();
  for (const char* role : {"sales", "sales.", "salesx.ro", ".ro", "ro.sales"}) {
    EXPECT_FALSE(May(rules, "sales/dw", DatabaseRole("database", role)))
        << role;
  }
}

// Named like the fixed part of an engine's paths, like a mount or like the
// cluster: it opens nothing that is not the namespace's own.
TEST(PathRulesTest, GiveNamespacesWithSpecialNamesNothingSpecial) {
  PathRules rules = ExampleRules();
  rules.mounts.push_back({"kv", Engine::kKv1, {"{namespace}/+"}});
  rules.mounts.push_back({"shared", Engine::kKv2, {"{cluster}/+"}});
  for (const std::string ns : {"data", "creds", "secret", "database", "prod-eu",
                               "metadata", "claviger"}) {
    const std::string connection = ns + "/dw";
    EXPECT_FALSE(May(rules, connection, Kv2("secret", "sales/dw"))) << ns;
    EXPECT_FALSE(May(rules, connection, Kv2("secret/data", "sales/dw"))) << ns;
    EXPECT_FALSE(May(rules, connection, Kv1("secret", "data/sales"))) << ns;
    EXPECT_FALSE(May(rules, connection, AnyRead("secret", "data/sales"))) << ns;
    EXPECT_FALSE(May(rules, connection, Kv1("kv", "sales/dw"))) << ns;
    EXPECT_FALSE(May(rules, connection, AnyRead("database", "creds/sales.ro")))
        << ns;
    EXPECT_FALSE(May(rules, connection, DatabaseRole("database", "sales.ro")))
        << ns;
    EXPECT_TRUE(May(rules, connection, Kv2("secret", ns + "/dw"))) << ns;
    EXPECT_TRUE(May(rules, connection, Kv2("shared", "prod-eu/dw"))) << ns;
  }
  EXPECT_FALSE(May(rules, "data/dw", Kv2("shared", "data/dw")));
}

// One API path by several spellings: only the one that is listed counts.
TEST(PathRulesTest, RefuseTheSamePathByAnotherEngineOrMount) {
  const PathRules rules =
      Rules({{"secret", Engine::kKv2, {"{namespace}/+"}},
             {"legacy", Engine::kKv1, {"{namespace}/+"}},
             {"database", Engine::kDatabase, {"{namespace}.+"}},
             {"any", Engine::kRead, {"data/{namespace}/+"}}});
  EXPECT_FALSE(May(rules, "data/dw", AnyRead("secret", "data/sales")));
  EXPECT_FALSE(May(rules, "sales/dw", AnyRead("secret", "data/sales/dw")));
  EXPECT_FALSE(May(rules, "sales/dw", Kv1("secret", "sales/dw")));
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("legacy", "sales/dw")));
  EXPECT_FALSE(May(rules, "creds/dw", AnyRead("database", "creds/sales.ro")));
  model::VaultRef fixed = DatabaseRole("database", "sales.ro");
  fixed.engine = Engine::kDatabaseStatic;
  EXPECT_FALSE(May(rules, "sales/dw", fixed));
  EXPECT_TRUE(May(rules, "sales/dw", AnyRead("any", "data/sales/dw")));
  EXPECT_FALSE(May(rules, "data/dw", AnyRead("any", "data/sales/dw")));
}

TEST(PathRulesTest, TellConnectionsOfOneNamespaceApart) {
  const PathRules rules =
      Rules({{"secret", Engine::kKv2, {"{namespace}/{connection}"}}});
  EXPECT_TRUE(May(rules, "sales/dw", Kv2("secret", "sales/dw")));
  EXPECT_FALSE(May(rules, "sales/crm", Kv2("secret", "sales/dw")));
}

TEST(PathRulesTest, RefuseMountsThatAreNotListed) {
  const PathRules rules = ExampleRules();
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("other", "sales/dw")));
  EXPECT_FALSE(May(Rules({}), "sales/dw", Kv2("secret", "sales/dw")));
}

TEST(PathRulesTest, RefuseReservedMountsWhateverIsConfigured) {
  PathRules all;
  PathRules listed = ExampleRules();
  for (const char* mount : {"sys", "auth", "identity", "cubbyhole", "claviger",
                            "sys/policies", "auth/token", "claviger/data"}) {
    listed.mounts.push_back({mount, Engine::kRead, {"+", "+/+"}});
    EXPECT_FALSE(May(all, "sales/dw", AnyRead(mount, "raw"))) << mount;
    EXPECT_FALSE(May(listed, "sales/dw", AnyRead(mount, "raw"))) << mount;
  }
  EXPECT_TRUE(May(all, "sales/dw", AnyRead("system", "raw")));
  EXPECT_TRUE(May(all, "sales/dw", AnyRead("claviger-2", "raw")));
}

// Also through a mount that our own one lies in.
TEST(PathRulesTest, RefuseOurOwnMountByWhateverName) {
  PathRules rules;
  rules.own_mount = "platform/keys";
  EXPECT_FALSE(May(rules, "sales/dw", Kv2("platform/keys", "prod-eu/x")));
  EXPECT_FALSE(May(rules, "sales/dw", AnyRead("platform", "keys/data/x")));
  EXPECT_FALSE(May(rules, "sales/dw", AnyRead("platform/keys/data", "x")));
  EXPECT_TRUE(May(rules, "sales/dw", AnyRead("platform/keys2", "x")));
  EXPECT_TRUE(May(rules, "sales/dw", Kv2("claviger", "x")));
}

TEST(PathRulesTest, NameThePatternsThatWouldDo) {
  const auto refusal =
      CheckPath(ExampleRules(), Ref("sales/dw"), Kv2("secret", "hr/pay"));
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->detail.find("secret/data/hr/pay"), std::string::npos);
  EXPECT_NE(refusal->detail.find("sales"), std::string::npos);
  EXPECT_NE(refusal->fix.find("{namespace}/+"), std::string::npos);
}

TEST(PathRulesTest, AcceptGoodPatterns) {
  EXPECT_TRUE(CheckPathRules(ExampleRules()));
  EXPECT_TRUE(CheckPathRules(
      Rules({{"a/b", Engine::kKv2, {"team-x/{connection}/+", "{cluster}"}},
             {"c", Engine::kDatabase, {"{namespace}.readonly"}}})));
}

TEST(PathRulesTest, RefuseBadPatterns) {
  for (const char* pattern : {"",
                              "*",
                              "{namespace}-+",
                              "{namespace}+",
                              "{namespace}*",
                              "{user}/+",
                              "{namespace",
                              "namespace}",
                              "x{namespace}",
                              "a//b",
                              "/a",
                              "a/",
                              "..",
                              "a/../b",
                              "{namespace}.",
                              "{namespace}.*",
                              "{namespace}.+.+",
                              "++",
                              "a+",
                              "{{identity.entity.name}}",
                              "{}",
                              "{namespace}{connection}",
                              "%2e",
                              "a b"}) {
    EXPECT_FALSE(CheckPathRules(Rules({{"secret", Engine::kKv2, {pattern}}})))
        << pattern;
  }
}

TEST(PathRulesTest, RefuseBadMounts) {
  for (const char* mount :
       {"", "/secret", "secret/", "a//b", "sec*ret", "..", "sys", "auth",
        "identity", "cubbyhole", "claviger", "claviger/x", "sys/x"}) {
    EXPECT_FALSE(CheckPathRules(Rules({{mount, Engine::kKv2, {"+"}}})))
        << mount;
  }
}

TEST(PathRulesTest, RefuseAMountInsideAnother) {
  EXPECT_FALSE(CheckPathRules(Rules({{"secret", Engine::kKv2, {"+"}},
                                     {"secret/team", Engine::kKv2, {"+"}}})));
  EXPECT_TRUE(CheckPathRules(Rules(
      {{"secret", Engine::kKv2, {"+"}}, {"secret-2", Engine::kKv2, {"+"}}})));
}

}  // namespace
}  // namespace claviger::testing

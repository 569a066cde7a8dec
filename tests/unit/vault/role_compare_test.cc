// SPDX-License-Identifier: Apache-2.0
#include "vault/role_compare.h"

#include <gtest/gtest.h>

namespace claviger::vault {
namespace {

TEST(RoleMatchesTest, SeesThroughVaultsSpelling) {
  const char* wanted = R"({
      "bound_service_account_names": ["nightly"],
      "bound_service_account_namespaces": ["reports"],
      "audience": "claviger-3f9c", "alias_name_source": "serviceaccount_uid",
      "token_policies": ["claviger.p.sa.reports.nightly", "Claviger.P.everyone"],
      "token_ttl": "1h", "token_max_ttl": "24h", "token_period": "",
      "token_no_default_policy": true, "token_bound_cidrs": []})";
  const char* actual = R"({
      "bound_service_account_names": ["nightly"],
      "bound_service_account_namespaces": ["reports"],
      "audience": "claviger-3f9c", "alias_name_source": "serviceaccount_uid",
      "token_policies": ["claviger.p.everyone", "claviger.p.sa.reports.nightly"],
      "token_ttl": 3600, "token_max_ttl": 86400, "token_period": 0,
      "token_no_default_policy": true, "token_bound_cidrs": null,
      "token_num_uses": 0, "token_type": "default"})";
  EXPECT_TRUE(RoleMatches(wanted, actual));
}

struct Pair {
  const char* wanted;
  const char* actual;
};

TEST(RoleMatchesTest, TakesEqualValuesInAnySpellingForEqual) {
  for (const Pair& pair : std::vector<Pair>{
           {R"({})", R"({"token_ttl":5})"},
           {R"({"token_ttl":"3600"})", R"({"token_ttl":3600})"},
           {R"({"token_ttl":"1h30m"})", R"({"token_ttl":5400})"},
           {R"({"token_ttl":"1.5h"})", R"({"token_ttl":5400})"},
           {R"({"token_max_ttl":"1d"})", R"({"token_max_ttl":"24h0m0s"})"},
           {R"({"token_period":3600})", R"({"token_period":"1h"})"},
           {R"({"clock_skew_leeway":"60s"})", R"({"clock_skew_leeway":60})"},
           {R"({"token_ttl":0})", R"({})"},
           {R"({"token_ttl":"0s"})", R"({"token_ttl":0})"},
           {R"({"bound_subject":""})", R"({})"},
           {R"({"bound_claims":{}})", R"({"bound_claims":null})"},
           {R"({"bound_audiences":["a","b"]})",
            R"({"bound_audiences":["b","a"]})"},
           {R"({"bound_audiences":"a, b"})",
            R"({"bound_audiences":["a","b"]})"},
           {R"({"bound_audiences":["a","a"]})", R"({"bound_audiences":["a"]})"},
           {R"({"bound_claims":{"g":["x","y"]}})",
            R"({"bound_claims":{"g":["y","x"]}})"},
           {R"({"token_num_uses":1.0})", R"({"token_num_uses":1})"},
       }) {
    EXPECT_TRUE(RoleMatches(pair.wanted, pair.actual))
        << pair.wanted << " " << pair.actual;
  }
}

TEST(RoleMatchesTest, SeesEveryRealDifference) {
  for (const Pair& pair : std::vector<Pair>{
           {R"({"audience":"a"})", R"({})"},
           {R"({"audience":"a"})", R"({"audience":""})"},
           {R"({"audience":"a"})", R"({"audience":"A"})"},
           {R"({"audience":""})", R"({"audience":"a"})"},
           {R"({"token_ttl":"1h"})", R"({"token_ttl":3601})"},
           {R"({"token_ttl":"1x"})", R"({"token_ttl":1})"},
           {R"({"token_ttl":"1..5h"})", R"({"token_ttl":5400})"},
           {R"({"token_ttl":[]})", R"({"token_ttl":1})"},
           {R"({"user_claim":"1h"})", R"({"user_claim":"3600"})"},
           {R"({"token_policies":["a"]})", R"({"token_policies":["a","b"]})"},
           {R"({"token_policies":["a","b"]})", R"({"token_policies":["a"]})"},
           {R"({"token_policies":[]})", R"({"token_policies":["a"]})"},
           {R"({"bound_audiences":["a"]})", R"({"bound_audiences":["A"]})"},
           {R"({"bound_audiences":["a,b"]})",
            R"({"bound_audiences":["a","b"]})"},
           {R"({"bound_claims":{"g":"x"}})", R"({"bound_claims":{"g":"y"}})"},
           {R"({"bound_claims":{"g":"x"}})",
            R"({"bound_claims":{"g":"x","h":"y"}})"},
           {R"({"bound_claims":{"g":"x","h":""}})",
            R"({"bound_claims":{"g":"x"}})"},
           {R"({"bound_claims":{"g":"a,b"}})",
            R"({"bound_claims":{"g":["a","b"]}})"},
           {R"({"bound_claims":{"g":"x"}})", R"({"bound_claims":null})"},
           {R"({"token_no_default_policy":true})",
            R"({"token_no_default_policy":false})"},
           {R"({"token_no_default_policy":true})", R"({})"},
       }) {
    EXPECT_FALSE(RoleMatches(pair.wanted, pair.actual))
        << pair.wanted << " " << pair.actual;
  }
}

TEST(RoleMatchesTest, TakesWhatIsNoObjectForNoMatch) {
  EXPECT_FALSE(RoleMatches("", "{}"));
  EXPECT_FALSE(RoleMatches("{}", ""));
  EXPECT_FALSE(RoleMatches("[]", "[]"));
  EXPECT_FALSE(RoleMatches("{}", "null"));
}

}  // namespace
}  // namespace claviger::vault

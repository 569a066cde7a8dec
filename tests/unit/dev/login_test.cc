// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "support/test_jwt.h"
#include "unit/dev/vault_fixture.h"

namespace claviger::dev::testing {
namespace {

using claviger::testing::JwtAlgorithm;
using claviger::testing::JwtSigner;
using claviger::testing::UnsignedJwt;
using std::chrono::seconds;
using ::testing::HasSubstr;

class KubernetesLoginTest : public VaultTest {
 protected:
  KubernetesLoginTest() {
    Write("sys/auth/k", {{"type", "kubernetes"}});
    Write("auth/k/config", {{"kubernetes_host", "https://api"}});
    Role("r", {{"bound_service_account_names", {"app", "job-*"}},
               {"bound_service_account_namespaces", "ns"},
               {"audience", "ours"},
               {"token_policies", "p"},
               {"token_ttl", "1h"},
               {"token_max_ttl", "2h"}});
  }

  void Role(const std::string& name, const json& role) {
    EXPECT_LT(Write("auth/k/role/" + name, role).status, 300);
  }
  std::string Mint(const std::string& ns, const std::string& name,
                   const std::string& audience = "ours") {
    return std::string(
        issuer_
            ->MintServiceAccountToken(ns, name, "uid-1", audience, seconds(600))
            ->Reveal());
  }
  VaultAnswer Login(const std::string& jwt, const std::string& role = "r") {
    return Call("POST", "auth/k/login", {{"role", role}, {"jwt", jwt}}, "");
  }
};

TEST_F(KubernetesLoginTest, GivesTheRolesPolicies) {
  const auto answer = Login(Mint("ns", "app"));
  ASSERT_EQ(answer.status, 200) << answer.error();
  const json& auth = answer.body["auth"];
  EXPECT_EQ(auth["policies"], json({"default", "p"}));
  EXPECT_EQ(auth["lease_duration"], 3600);
  EXPECT_EQ(auth["orphan"], true);
  EXPECT_EQ(auth["metadata"]["role"], "r");
  EXPECT_EQ(auth["metadata"]["service_account_name"], "app");
  EXPECT_EQ(auth["metadata"]["service_account_namespace"], "ns");
  EXPECT_EQ(auth["metadata"]["service_account_uid"], "uid-1");
  EXPECT_EQ(Login(Mint("ns", "job-7")).status, 200);
}

TEST_F(KubernetesLoginTest, RefusesOthers) {
  EXPECT_EQ(Login(Mint("other", "app")).error(), "namespace not authorized");
  EXPECT_EQ(Login(Mint("ns", "appx")).error(),
            "service account name not authorized");
  EXPECT_THAT(Login(Mint("ns", "app", "vault")).error(),
              HasSubstr("invalid audience"));
  EXPECT_EQ(Login(Mint("ns", "app"), "none").error(),
            "invalid role name \"none\"");
  for (const auto& answer :
       {Login(Mint("other", "app")), Login(Mint("ns", "app", "vault"))}) {
    EXPECT_EQ(answer.status, 403);
  }
}

TEST_F(KubernetesLoginTest, RefusesExpiredTokens) {
  const std::string token = Mint("ns", "app");
  clock_.Advance(seconds(600));
  EXPECT_EQ(Login(token).status, 200);
  clock_.Advance(seconds(1));
  EXPECT_THAT(Login(token).error(), HasSubstr("token is expired"));
}

TEST_F(KubernetesLoginTest, RefusesTokensFromTheFuture) {
  const std::string token = Mint("ns", "app");
  clock_.SetTime(clock_.Now() - seconds(10));
  EXPECT_THAT(Login(token).error(), HasSubstr("not yet valid"));
}

TEST_F(KubernetesLoginTest, RefusesForgeries) {
  const JwtSigner forger;
  const json claims = {
      {"aud", {"ours"}},
      {"exp", 4'000'000'000},
      {"kubernetes.io",
       {{"namespace", "ns"}, {"serviceaccount", {{"name", "app"}}}}}};
  const std::string good = Mint("ns", "app");
  const std::string user(issuer_->MintUserToken("app", "{}")->Reveal());
  for (const std::string& jwt :
       {forger.Sign(claims), UnsignedJwt(claims), user, std::string("x"),
        std::string("a.b.c"), good + "x", good.substr(0, good.size() - 4),
        "." + good, std::string(1'000'000, 'a')}) {
    const auto answer = Login(jwt);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.error(), "permission denied");
  }
}

TEST_F(KubernetesLoginTest, AsksForItsFields) {
  EXPECT_EQ(Call("POST", "auth/k/login", {{"role", "r"}}, "").error(),
            "missing jwt");
  EXPECT_EQ(Call("POST", "auth/k/login", {{"jwt", "x"}}, "").error(),
            "missing role");
  EXPECT_EQ(Call("GET", "auth/k/login", nullptr, "").status, 405);
}

TEST_F(KubernetesLoginTest, RenewsToTheRolesMaximumAndNotWithoutTheRole) {
  const std::string token = Login(Mint("ns", "app")).token();
  const auto renew = [&](const json& body) {
    return Call("POST", "auth/token/renew-self", body, token);
  };
  clock_.Advance(seconds(3000));
  EXPECT_EQ(renew(nullptr).body["auth"]["lease_duration"], 3600);
  EXPECT_EQ(renew({{"increment", "9h"}}).body["auth"]["lease_duration"], 4200);
  Delete("auth/k/role/r");
  EXPECT_EQ(renew(nullptr).status, 500);
}

TEST_F(KubernetesLoginTest, TokensEndWithTheirMount) {
  const std::string token = Login(Mint("ns", "app")).token();
  Delete("sys/auth/k");
  EXPECT_EQ(Call("GET", "auth/token/lookup-self", nullptr, token).status, 403);
}

TEST_F(KubernetesLoginTest, NoRoleGivesRoot) {
  Role("root", {{"bound_service_account_names", "*"},
                {"bound_service_account_namespaces", "*"},
                {"audience", "ours"},
                {"token_policies", "ROOT"}});
  EXPECT_EQ(Login(Mint("ns", "app"), "root").error(),
            "auth methods cannot create root tokens");
}

TEST_F(KubernetesLoginTest, RoleReadsBackAsVaultWritesIt) {
  EXPECT_EQ(Read("auth/k/role/R").data(),
            json({{"alias_name_source", "serviceaccount_uid"},
                  {"audience", "ours"},
                  {"bound_service_account_names", {"app", "job-*"}},
                  {"bound_service_account_namespace_selector", ""},
                  {"bound_service_account_namespaces", {"ns"}},
                  {"token_bound_cidrs", json::array()},
                  {"token_explicit_max_ttl", 0},
                  {"token_max_ttl", 7200},
                  {"token_no_default_policy", false},
                  {"token_num_uses", 0},
                  {"token_period", 0},
                  {"token_policies", {"p"}},
                  {"token_ttl", 3600},
                  {"token_type", "default"}}));
  EXPECT_EQ(Write("auth/k/role/r", {{"token_ttl", 60}}).status, 204);
  EXPECT_EQ(Read("auth/k/role/r").data()["token_ttl"], 60);
  EXPECT_EQ(Read("auth/k/role/r").data()["audience"], "ours");
  EXPECT_EQ(List("auth/k/role").data()["keys"], json({"r"}));
}

TEST_F(KubernetesLoginTest, RefusesRolesThatVaultRefuses) {
  const json names = {{"bound_service_account_names", "a"}};
  const auto with = [&](json more) {
    more["bound_service_account_names"] = "a";
    more["bound_service_account_namespaces"] = "n";
    return more;
  };
  for (const json& role :
       std::vector<json>{json::object(), names,
                         json{{"bound_service_account_names", {"*", "a"}},
                              {"bound_service_account_namespaces", "n"}},
                         with({{"alias_name_source", "x"}}),
                         with({{"token_ttl", "2h"}, {"token_max_ttl", "1h"}}),
                         with({{"token_ttl", "x"}}), with({{"token_ttl", -1}}),
                         with({{"token_type", "batch"}}),
                         with({{"token_bound_cidrs", "10.0.0.0/8"}})}) {
    EXPECT_EQ(Write("auth/k/role/bad", role).status, 400) << role;
  }
  EXPECT_EQ(Read("auth/k/role/bad").status, 404);
  EXPECT_EQ(Write("auth/k/role/a%20b", with({})).status, 404);
  EXPECT_EQ(Write("auth/k/config", json::object()).error(), "no host provided");
}

class JwtLoginTest : public VaultTest {
 protected:
  JwtLoginTest() {
    Write("sys/auth/users", {{"type", "jwt"}});
    Write("auth/users/config",
          {{"jwt_validation_pubkeys",
            {es_.public_pem(), rs_.public_pem(), issuer_->user_public_key()}}});
    Role("r", {{"bound_subject", "alice"}, {"token_policies", "p"}});
  }

  VaultAnswer Role(const std::string& name, json role) {
    role["role_type"] = "jwt";
    if (!role.contains("user_claim")) role["user_claim"] = "sub";
    return Write("auth/users/role/" + name, role);
  }
  json Claims(json more = json::object()) const {
    json claims = {{"sub", "alice"},
                   {"iat", kNow},
                   {"exp", kNow + 600},
                   {"groups", {"g1", "g2"}}};
    claims.update(more);
    return claims;
  }
  VaultAnswer Login(const std::string& jwt, const std::string& role = "r") {
    return Call("POST", "auth/users/login", {{"role", role}, {"jwt", jwt}}, "");
  }
  VaultAnswer LoginWith(const json& claims, const std::string& role = "r") {
    return Login(es_.Sign(claims), role);
  }

  static constexpr int64_t kNow = 1'767'225'600;
  const JwtSigner es_;
  const JwtSigner rs_{JwtAlgorithm::kRs256};
};

TEST_F(JwtLoginTest, TakesBothAlgorithmsAndTheDevelopmentIssuer) {
  EXPECT_EQ(Login(es_.Sign(Claims())).status, 200);
  EXPECT_EQ(Login(rs_.Sign(Claims())).status, 200);
  const auto minted = issuer_->MintUserToken("alice", R"({"email":"a@x"})");
  const auto answer = Login(std::string(minted->Reveal()));
  ASSERT_EQ(answer.status, 200) << answer.error();
  EXPECT_EQ(answer.body["auth"]["policies"], json({"default", "p"}));
  EXPECT_EQ(answer.body["auth"]["metadata"], json({{"role", "r"}}));
}

TEST_F(JwtLoginTest, RefusesForgeries) {
  const JwtSigner forger;
  const auto refused = [&](const std::string& jwt) {
    const auto answer = Login(jwt);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.error(), HasSubstr("error verifying token signature"));
  };
  refused(forger.Sign(Claims()));
  refused(UnsignedJwt(Claims()));
  // A shared-secret algorithm with the public key as the secret, and the right
  // signature under the wrong name.
  refused(es_.SignWithHeader({{"alg", "HS256"}}, Claims()));
  refused(es_.SignWithHeader({{"alg", "RS256"}}, Claims()));
  refused(rs_.SignWithHeader({{"alg", "ES256"}}, Claims()));
  refused(es_.SignWithHeader({{"alg", "none"}}, Claims()));
  refused(es_.SignWithHeader({{"alg", "es256"}}, Claims()));
  refused(es_.SignWithHeader({{"alg", "ES256"}, {"crit", {"exp"}}}, Claims()));
  refused(es_.SignWithHeader({{"alg", 5}}, Claims()));
  refused(es_.SignWithHeader(json::array(), Claims()));
  refused("x");
  refused("..");
  refused(std::string(1'000'000, '.'));
}

TEST_F(JwtLoginTest, IgnoresTheKeysName) {
  EXPECT_EQ(Login(es_.SignWithHeader({{"alg", "ES256"}, {"kid", "../../x"}},
                                     Claims()))
                .status,
            200);
}

TEST_F(JwtLoginTest, HoldsTimesAgainstTheClock) {
  struct Row {
    json claims;
    int status;
  };
  for (const Row& row : std::vector<Row>{
           {{{"exp", kNow - 59}}, 200},
           {{{"exp", kNow - 61}}, 400},
           {{{"nbf", kNow + 59}}, 200},
           {{{"nbf", kNow + 61}}, 400},
           {{{"iat", kNow + 30}}, 200},
           {{{"iat", kNow + 300}}, 400},
           {{{"exp", nullptr}}, 200},
           {{{"exp", nullptr}, {"iat", kNow - 500}}, 400},
           {{{"exp", nullptr}, {"iat", nullptr}, {"nbf", kNow}}, 200},
           {{{"exp", nullptr}, {"iat", nullptr}}, 400},
           {{{"exp", "soon"}}, 400},
           {{{"exp", 1e300}}, 400}}) {
    EXPECT_EQ(LoginWith(Claims(row.claims)).status, row.status) << row.claims;
  }
}

TEST_F(JwtLoginTest, NegativeLeewayIsNone) {
  Role("strict", {{"bound_subject", "alice"},
                  {"clock_skew_leeway", -1},
                  {"expiration_leeway", -1},
                  {"not_before_leeway", -1}});
  EXPECT_EQ(LoginWith(Claims({{"exp", kNow - 1}}), "strict").status, 400);
  EXPECT_EQ(LoginWith(Claims({{"nbf", kNow + 1}}), "strict").status, 400);
  EXPECT_EQ(LoginWith(Claims(), "strict").status, 200);
}

TEST_F(JwtLoginTest, RefusesAnAudienceThatTheRoleDoesNotName) {
  EXPECT_EQ(LoginWith(Claims({{"aud", "x"}})).error(),
            "audience claim found in JWT but no audiences bound to the role");
  EXPECT_EQ(LoginWith(Claims({{"aud", json::array()}})).status, 200);
  Role("aud", {{"bound_audiences", "x,y"}});
  EXPECT_EQ(LoginWith(Claims({{"aud", "x"}}), "aud").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"aud", {"q", "y"}}}), "aud").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"aud", "z"}}), "aud").status, 400);
  EXPECT_EQ(LoginWith(Claims(), "aud").status, 400);
}

TEST_F(JwtLoginTest, BindsSubjectIssuerAndUserClaim) {
  EXPECT_THAT(LoginWith(Claims({{"sub", "bob"}})).error(),
              HasSubstr("invalid subject"));
  EXPECT_EQ(LoginWith(Claims({{"sub", 5}})).status, 400);
  Role("mail", {{"bound_subject", "alice"}, {"user_claim", "email"}});
  EXPECT_EQ(LoginWith(Claims(), "mail").error(),
            "claim \"email\" not found in token");
  Write("auth/users/config", {{"jwt_validation_pubkeys", es_.public_pem()},
                              {"bound_issuer", "https://idp"}});
  EXPECT_EQ(LoginWith(Claims()).status, 400);
  EXPECT_EQ(LoginWith(Claims({{"iss", "https://idp"}})).status, 200);
}

TEST_F(JwtLoginTest, BindsClaimsByTextAndByGlob) {
  Role("text", {{"bound_claims", {{"groups", {"g9", "g2"}}, {"/n/a", "x"}}}});
  EXPECT_EQ(LoginWith(Claims({{"n", {{"a", "x"}}}}), "text").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"n", {{"a", "y"}}}}), "text").error(),
            "error validating claims: claim \"/n/a\" does not match any "
            "associated bound claim values");
  EXPECT_EQ(LoginWith(Claims(), "text").error(),
            "error validating claims: claim \"/n/a\" is missing");

  Role("star", {{"bound_claims", {{"groups", "g*"}}}});
  EXPECT_EQ(LoginWith(Claims(), "star").status, 400);
  Role("glob",
       {{"bound_claims", {{"groups", "g*"}}}, {"bound_claims_type", "glob"}});
  EXPECT_EQ(LoginWith(Claims(), "glob").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"groups", {"x"}}}), "glob").status, 400);

  Role("kinds", {{"bound_claims", {{"n", 5}, {"b", true}}}});
  EXPECT_EQ(LoginWith(Claims({{"n", 5}, {"b", true}}), "kinds").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"n", "5"}, {"b", true}}), "kinds").status, 400);
}

TEST_F(JwtLoginTest, WantsTheGroupsClaimItNames) {
  Role("g", {{"bound_subject", "alice"}, {"groups_claim", "groups"}});
  EXPECT_EQ(LoginWith(Claims(), "g").status, 200);
  EXPECT_EQ(LoginWith(Claims({{"groups", 5}}), "g").status, 400);
  EXPECT_EQ(LoginWith({{"sub", "alice"}, {"exp", kNow + 1}}, "g").status, 400);
}

TEST_F(JwtLoginTest, RoleReadsBackAsVaultWritesIt) {
  Role("x", {{"bound_audiences", "a"}, {"token_ttl", "5m"}});
  const json role = Read("auth/users/role/x").data();
  EXPECT_EQ(role["bound_audiences"], json({"a"}));
  EXPECT_EQ(role["bound_claims"], nullptr);
  EXPECT_EQ(role["bound_claims_type"], "string");
  EXPECT_EQ(role["role_type"], "jwt");
  EXPECT_EQ(role["token_ttl"], 300);
  EXPECT_EQ(role["token_policies"], json::array());
}

TEST_F(JwtLoginTest, RefusesRolesThatVaultRefuses) {
  EXPECT_EQ(Write("auth/users/role/b", {{"user_claim", "sub"}}).status, 400);
  EXPECT_EQ(Role("b", json::object()).error(),
            "must have at least one bound constraint when creating/updating a "
            "role");
  EXPECT_EQ(Role("b", {{"bound_claims", json::object()}}).status, 400);
  EXPECT_EQ(Role("b", {{"bound_claims", "x"}}).status, 400);
  EXPECT_EQ(Role("b", {{"bound_subject", "a"}, {"user_claim", ""}}).status,
            400);
  EXPECT_EQ(
      Role("b", {{"bound_subject", "a"}, {"bound_claims_type", "x"}}).status,
      400);
  EXPECT_EQ(
      Role("b", {{"bound_claims", {{"x", 1}}}, {"bound_claims_type", "glob"}})
          .status,
      400);
  EXPECT_EQ(
      Role("b", {{"bound_subject", "a"}, {"claim_mappings", {{"x", "role"}}}})
          .status,
      400);
  EXPECT_EQ(Read("auth/users/role/b").status, 404);
}

TEST_F(JwtLoginTest, RefusesKeysItCannotUse) {
  const auto config = [&](const json& keys) {
    return Write("auth/users/config", {{"jwt_validation_pubkeys", keys}})
        .status;
  };
  EXPECT_EQ(config(json::array()), 400);
  EXPECT_EQ(config("x"), 400);
  EXPECT_EQ(config({es_.public_pem(), "x"}), 400);
  EXPECT_EQ(config(es_.public_pem()), 204);
  EXPECT_EQ(Write("auth/users/config", {{"jwks_url", "http://x"}}).status, 400);
}

}  // namespace
}  // namespace claviger::dev::testing

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <chrono>

#include "integration/vault_contract.h"
#include "support/test_jwt.h"
#include "vault/kv.h"
#include "vault/policy.h"
#include "vault/role_compare.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using vault::LoginWithJwt;
using vault::Verb;

int64_t InSeconds(int64_t from_now) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<seconds>(now).count() + from_now;
}

class VaultLoginContractTest : public VaultContractTest {
 protected:
  std::string LogIn(const std::string& mount, const std::string& role,
                    const std::string& jwt) {
    return CodeOf(LoginWithJwt(api(), mount, role, Secret(std::string(jwt))));
  }

  void WriteRole(const std::string& mount, const std::string& name,
                 const json& role) {
    const Status written =
        vault::WriteRole(api(), root(), mount, name, role.dump());
    ASSERT_TRUE(written) << written.error().message;
  }
};

class VaultJwtContractTest : public VaultLoginContractTest {
 protected:
  std::string NewMount(const JwtSigner& signer) {
    std::string mount = Fresh("jwt");
    EXPECT_TRUE(vault::EnableAuthMount(api(), root(), mount, "jwt"));
    const json config{{"jwt_validation_pubkeys", {signer.public_pem()}}};
    EXPECT_EQ(Outcome(root(), Verb::kWrite, "auth/" + mount + "/config",
                      config.dump()),
              "ok");
    return mount;
  }

  static json Role(json more = json::object()) {
    json role{{"role_type", "jwt"},
              {"bound_audiences", {"claviger-3f9c"}},
              {"user_claim", "sub"},
              {"token_policies", {"contract.user"}},
              {"token_no_default_policy", true},
              {"token_ttl", "1h"},
              {"token_max_ttl", "24h"}};
    role.update(more);
    return role;
  }

  static json Claims(json more = json::object()) {
    json claims{{"sub", "alice"},
                {"aud", "claviger-3f9c"},
                {"iat", InSeconds(0)},
                {"exp", InSeconds(600)}};
    claims.update(more);
    return claims;
  }

  JwtSigner signer_;
};

TEST_F(VaultJwtContractTest, GivesAProperTokenTheRolesPolicies) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role());
  const auto login =
      LoginWithJwt(api(), mount, "user", Secret(signer_.Sign(Claims())));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_THAT(login->policies, ElementsAre("contract.user"));
  EXPECT_EQ(login->lease_duration, seconds(3'600));
  EXPECT_TRUE(login->renewable);
  EXPECT_FALSE(login->accessor.empty());
  EXPECT_FALSE(login->token.empty());
}

TEST_F(VaultJwtContractTest, ServesWhatThePolicyOfTheRoleAllows) {
  const std::string kv = NewKv();
  ASSERT_TRUE(vault::WriteKv2(api(), root(), kv, "a", R"({"x":1})", 0));
  const std::string policy = NewPolicy({{kv + "/data/a", {"read"}}});
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role({{"token_policies", {policy}}}));
  const auto login =
      LoginWithJwt(api(), mount, "user", Secret(signer_.Sign(Claims())));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(CodeOf(vault::ReadKv2(api(), login->token, kv, "a")), "ok");
  EXPECT_EQ(CodeOf(vault::ReadKv2(api(), login->token, kv, "b")),
            "permission_denied");
}

TEST_F(VaultJwtContractTest, TakesRsaAsWellAsEllipticKeys) {
  const JwtSigner rsa(JwtAlgorithm::kRs256);
  const std::string mount = NewMount(rsa);
  WriteRole(mount, "user", Role());
  EXPECT_EQ(LogIn(mount, "user", rsa.Sign(Claims())), "ok");
  EXPECT_NE(LogIn(mount, "user", signer_.Sign(Claims())), "ok");
}

TEST_F(VaultJwtContractTest, RefusesForgedTokens) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role());
  const std::string good = signer_.Sign(Claims());
  const std::string other = signer_.Sign(Claims({{"sub", "mallory"}}));
  const std::string signature = good.substr(good.rfind('.'));
  EXPECT_EQ(LogIn(mount, "user", good), "ok");
  for (const std::string& forged :
       {JwtSigner().Sign(Claims()), UnsignedJwt(Claims()),
        signer_.SignWithHeader({{"alg", "none"}}, Claims()),
        signer_.SignWithHeader({{"alg", "HS256"}}, Claims()),
        signer_.SignWithHeader({{"alg", "RS256"}}, Claims()),
        other.substr(0, other.rfind('.')) + signature,
        good.substr(0, good.rfind('.')), good.substr(0, good.size() - 4),
        std::string("a.b.c"), std::string("a"), std::string("")}) {
    EXPECT_EQ(LogIn(mount, "user", forged), "invalid_argument") << forged;
  }
}

TEST_F(VaultJwtContractTest, RefusesTokensOfAnotherTime) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role());
  EXPECT_EQ(
      LogIn(mount, "user", signer_.Sign(Claims({{"exp", InSeconds(-600)}}))),
      "invalid_argument");
  EXPECT_EQ(
      LogIn(mount, "user", signer_.Sign(Claims({{"nbf", InSeconds(600)}}))),
      "invalid_argument");
}

TEST_F(VaultJwtContractTest, RefusesAnotherAudience) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role());
  const auto with = [&](const json& audience) {
    json claims = Claims();
    claims["aud"] = audience;
    if (audience.is_null()) claims.erase("aud");
    return LogIn(mount, "user", signer_.Sign(claims));
  };
  EXPECT_EQ(with("other"), "invalid_argument");
  EXPECT_EQ(with(nullptr), "invalid_argument");
  EXPECT_EQ(with(json::array()), "invalid_argument");
  EXPECT_EQ(with("Claviger-3F9C"), "invalid_argument");
  EXPECT_EQ(with({"other", "claviger-3f9c"}), "ok");
}

TEST_F(VaultJwtContractTest, HoldsARoleToItsSubject) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user.alice", Role({{"bound_subject", "alice"}}));
  EXPECT_EQ(LogIn(mount, "user.alice", signer_.Sign(Claims())), "ok");
  for (const json& subject : {json("mallory"), json("Alice"), json("")}) {
    EXPECT_EQ(
        LogIn(mount, "user.alice", signer_.Sign(Claims({{"sub", subject}}))),
        "invalid_argument")
        << subject;
  }
}

TEST_F(VaultJwtContractTest, HoldsARoleToItsClaims) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "claim.finance",
            Role({{"bound_claims", {{"groups", {"fin-team"}}}}}));
  const auto with = [&](const json& groups) {
    return LogIn(mount, "claim.finance",
                 signer_.Sign(Claims({{"groups", groups}})));
  };
  EXPECT_EQ(with({"fin-team"}), "ok");
  EXPECT_EQ(with({"other", "fin-team"}), "ok");
  EXPECT_EQ(with("fin-team"), "ok");
  EXPECT_EQ(with({"other"}), "invalid_argument");
  EXPECT_EQ(with({"fin-team-2"}), "invalid_argument");
  EXPECT_EQ(with(json::array()), "invalid_argument");
  EXPECT_EQ(LogIn(mount, "claim.finance", signer_.Sign(Claims())),
            "invalid_argument")
      << "without the claim at all";
}

TEST_F(VaultJwtContractTest, NeedsEveryClaimAndOneOfItsValues) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user",
            Role({{"bound_claims", {{"groups", {"a", "b"}}, {"org", "x"}}}}));
  const auto with = [&](const json& more) {
    return LogIn(mount, "user", signer_.Sign(Claims(more)));
  };
  EXPECT_EQ(with({{"groups", {"b"}}, {"org", "x"}}), "ok");
  EXPECT_EQ(with({{"groups", {"b"}}, {"org", "y"}}), "invalid_argument");
  EXPECT_EQ(with({{"groups", {"b"}}}), "invalid_argument");
  EXPECT_EQ(with({{"org", "x"}}), "invalid_argument");
}

TEST_F(VaultJwtContractTest, NeedsTheClaimThatNamesTheUser) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role({{"user_claim", "email"}}));
  EXPECT_EQ(LogIn(mount, "user", signer_.Sign(Claims())), "invalid_argument");
  EXPECT_EQ(LogIn(mount, "user", signer_.Sign(Claims({{"email", "a@b"}}))),
            "ok");
}

TEST_F(VaultJwtContractTest, KnowsNoRoleThatWasNotWritten) {
  const std::string mount = NewMount(signer_);
  WriteRole(mount, "user", Role());
  EXPECT_EQ(LogIn(mount, "none", signer_.Sign(Claims())), "invalid_argument");
  ASSERT_TRUE(vault::DeleteRole(api(), root(), mount, "user"));
  EXPECT_EQ(LogIn(mount, "user", signer_.Sign(Claims())), "invalid_argument");
}

TEST_F(VaultJwtContractTest, RefusesARoleThatIsBoundToNothing) {
  const std::string mount = NewMount(signer_);
  EXPECT_EQ(
      CodeOf(vault::WriteRole(api(), root(), mount, "user",
                              R"({"role_type":"jwt","user_claim":"sub"})")),
      "invalid_argument");
}

TEST_F(VaultJwtContractTest, ReadsRolesBackAsTheyWereMeant) {
  const std::string mount = NewMount(signer_);
  const std::string name = "claviger.prod-eu.claim.finance";
  const json role = Role({{"bound_claims", {{"groups", {"fin-team"}}}},
                          {"bound_subject", ""},
                          {"token_policies", {"b.policy", "a-policy"}}});
  EXPECT_EQ(CodeOf(vault::ReadRole(api(), root(), mount, name)), "not_found");
  WriteRole(mount, name, role);
  const auto read = vault::ReadRole(api(), root(), mount, name);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(vault::RoleMatches(role.dump(), *read)) << *read;
  EXPECT_EQ(json::parse(*read)["token_ttl"], 3'600);
  json changed = role;
  changed["bound_claims"]["groups"] = {"other"};
  EXPECT_FALSE(vault::RoleMatches(changed.dump(), *read));
  WriteRole(mount, name, changed);
  EXPECT_TRUE(vault::RoleMatches(changed.dump(),
                                 *vault::ReadRole(api(), root(), mount, name)));
}

TEST_F(VaultJwtContractTest, ListsAndDeletesRoles) {
  const std::string mount = NewMount(signer_);
  EXPECT_THAT(*vault::ListRoles(api(), root(), mount), ElementsAre());
  for (const char* name : {"a.b-c_d", "e"}) WriteRole(mount, name, Role());
  EXPECT_THAT(*vault::ListRoles(api(), root(), mount),
              UnorderedElementsAre("a.b-c_d", "e"));
  EXPECT_TRUE(vault::DeleteRole(api(), root(), mount, "e"));
  EXPECT_TRUE(vault::DeleteRole(api(), root(), mount, "e"));
  EXPECT_THAT(*vault::ListRoles(api(), root(), mount), ElementsAre("a.b-c_d"));
}

class VaultKubernetesContractTest : public VaultLoginContractTest {
 protected:
  static constexpr char kAudience[] = "claviger-3f9c";

  std::string NewMount() {
    std::string mount = Fresh("kubernetes");
    const Status enabled = vault().EnableKubernetes(mount);
    EXPECT_TRUE(enabled) << enabled.error().message;
    return mount;
  }

  static json Role(json more = json::object()) {
    json role{{"bound_service_account_names", {"nightly"}},
              {"bound_service_account_namespaces", {"reports"}},
              {"audience", kAudience},
              {"alias_name_source", "serviceaccount_uid"},
              {"token_policies", {"contract.sa"}},
              {"token_no_default_policy", true},
              {"token_ttl", "1h"},
              {"token_max_ttl", "24h"}};
    role.update(more);
    return role;
  }

  std::string Token(const std::string& name_space, const std::string& name,
                    const std::string& audience = kAudience) {
    const auto token = vault().ServiceAccountToken(name_space, name, audience);
    EXPECT_TRUE(token) << token.error().message;
    return token.value_or("");
  }
};

TEST_F(VaultKubernetesContractTest, LogsTheRightServiceAccountIn) {
  const std::string mount = NewMount();
  WriteRole(mount, "claviger.c.sa.reports.nightly", Role());
  const auto login = LoginWithJwt(api(), mount, "claviger.c.sa.reports.nightly",
                                  Secret(Token("reports", "nightly")));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_THAT(login->policies, ElementsAre("contract.sa"));
  EXPECT_EQ(login->lease_duration, seconds(3'600));
  EXPECT_TRUE(login->renewable);
  EXPECT_FALSE(login->accessor.empty());
}

TEST_F(VaultKubernetesContractTest, RefusesEveryOther) {
  const std::string mount = NewMount();
  WriteRole(mount, "r", Role());
  EXPECT_EQ(LogIn(mount, "r", Token("reports", "nightly")), "ok");
  EXPECT_EQ(LogIn(mount, "r", Token("reports", "daily")), "permission_denied");
  EXPECT_EQ(LogIn(mount, "r", Token("sales", "nightly")), "permission_denied");
  EXPECT_EQ(LogIn(mount, "r", Token("reports", "nightly", "other")),
            "permission_denied");
}

TEST_F(VaultKubernetesContractTest, RefusesForgedTokens) {
  const std::string mount = NewMount();
  WriteRole(mount, "r", Role());
  const json claims{
      {"iss", "https://kubernetes.default.svc"},
      {"sub", "system:serviceaccount:reports:nightly"},
      {"aud", {kAudience}},
      {"exp", InSeconds(600)},
      {"iat", InSeconds(0)},
      {"kubernetes.io",
       {{"namespace", "reports"},
        {"serviceaccount", {{"name", "nightly"}, {"uid", "1"}}}}}};
  for (const std::string& forged :
       {JwtSigner().Sign(claims), JwtSigner(JwtAlgorithm::kRs256).Sign(claims),
        UnsignedJwt(claims), std::string("a.b.c"), std::string("a")}) {
    EXPECT_NE(LogIn(mount, "r", forged), "ok") << forged;
  }
  const std::string good = Token("reports", "nightly");
  EXPECT_NE(LogIn(mount, "r", good.substr(0, good.size() - 6)), "ok");
}

TEST_F(VaultKubernetesContractTest, KnowsNoRoleThatWasNotWritten) {
  const std::string mount = NewMount();
  EXPECT_EQ(LogIn(mount, "none", Token("reports", "nightly")),
            "invalid_argument");
}

TEST_F(VaultKubernetesContractTest, RefusesARoleThatIsBoundToNobody) {
  const std::string mount = NewMount();
  EXPECT_EQ(
      CodeOf(vault::WriteRole(api(), root(), mount, "r",
                              R"({"bound_service_account_names":["a"]})")),
      "invalid_argument");
  EXPECT_EQ(
      CodeOf(vault::WriteRole(api(), root(), mount, "r",
                              R"({"bound_service_account_namespaces":["a"]})")),
      "invalid_argument");
}

TEST_F(VaultKubernetesContractTest, TakesTheNamesOfTheLongestServiceAccounts) {
  const std::string mount = NewMount();
  const std::string name = "claviger." + std::string(40, 'c') + ".sa." +
                           std::string(63, 'n') + "." + std::string(253, 's');
  const json role = Role({{"token_policies", {name}}});
  WriteRole(mount, name, role);
  ASSERT_TRUE(
      vault::WritePolicy(api(), root(), name, PolicyText({{"s/a", {"read"}}})));
  EXPECT_TRUE(vault::RoleMatches(role.dump(),
                                 *vault::ReadRole(api(), root(), mount, name)));
  const auto login =
      LoginWithJwt(api(), mount, name, Secret(Token("reports", "nightly")));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_THAT(login->policies, ElementsAre(name));
  ASSERT_TRUE(vault::DeletePolicy(api(), root(), name));
}

TEST_F(VaultKubernetesContractTest, ReadsRolesBackAsTheyWereMeant) {
  const std::string mount = NewMount();
  const std::string name = "claviger.prod-eu.sa.reports.nightly";
  EXPECT_EQ(CodeOf(vault::ReadRole(api(), root(), mount, name)), "not_found");
  WriteRole(mount, name, Role());
  const auto read = vault::ReadRole(api(), root(), mount, name);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(vault::RoleMatches(Role().dump(), *read)) << *read;
  const json values = json::parse(*read);
  EXPECT_EQ(values["token_ttl"], 3'600);
  EXPECT_EQ(values["token_max_ttl"], 86'400);
  EXPECT_EQ(values["audience"], kAudience);
  EXPECT_EQ(values["bound_service_account_names"], json({"nightly"}));
  EXPECT_FALSE(vault::RoleMatches(Role({{"audience", "other"}}).dump(), *read));
  EXPECT_THAT(*vault::ListRoles(api(), root(), mount), Contains(name));
  ASSERT_TRUE(vault::DeleteRole(api(), root(), mount, name));
  EXPECT_EQ(CodeOf(vault::ReadRole(api(), root(), mount, name)), "not_found");
}

}  // namespace
}  // namespace claviger::testing

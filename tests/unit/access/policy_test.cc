// SPDX-License-Identifier: Apache-2.0
#include "access/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "access/opened_path.h"
#include "base/json.h"

namespace claviger::testing {
namespace {

using access::OpenedBy;
using access::OpenedPersonal;
using access::PolicyText;
using access::Principal;
using access::RoleText;
using access::TokenPolicies;
using access::VaultLayout;
using nlohmann::json;

VaultLayout Layout() {
  VaultLayout layout;
  layout.cluster = "prod-eu";
  layout.user_auth_mount = "claviger-users";
  layout.user_audiences = {"apps"};
  layout.sidecar_audience = "claviger-3f9c";
  return layout;
}

const Principal kNightly = Principal::ServiceAccount("reports", "nightly");

std::string Policy(const Principal& principal, int parts,
                   const std::vector<std::string>& paths) {
  const Result<std::string> text =
      PolicyText(Layout(), principal, parts, paths);
  return text ? *text : "refused: " + text.error().message;
}

TEST(PolicyTextTest, OpensAnAccountsBindingsCandidatesAndToken) {
  EXPECT_EQ(
      Policy(kNightly, 1, {"database/creds/sales.ro", "secret/data/sales/dw"}),
      R"({"path":{)"
      R"("auth/token/lookup-self":{"capabilities":["read"]},)"
      R"("auth/token/renew-self":{"capabilities":["update"]},)"
      R"("auth/token/revoke-self":{"capabilities":["update"]},)"
      R"("claviger/data/prod-eu/bindings/sa.reports.nightly":)"
      R"({"capabilities":["read"]},)"
      R"("database/creds/sales.ro":{"capabilities":["read"]},)"
      R"("secret/data/sales/dw":{"capabilities":["read"]},)"
      R"("sys/leases/renew":{"capabilities":["update"]},)"
      R"("sys/leases/revoke":{"capabilities":["update"]}}})");
}

TEST(PolicyTextTest, OpensEveryPartOfTheBindings) {
  const json paths =
      json::parse(Policy(Principal::EveryoneServiceAccount(), 3, {}))["path"];
  std::vector<std::string> names;
  for (const auto& [path, rule] : paths.items()) {
    names.push_back(path);
    EXPECT_EQ(rule, json({{"capabilities", {"read"}}})) << path;
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "claviger/data/prod-eu/bindings/everyone.sa",
                       "claviger/data/prod-eu/bindings/everyone.sa/1",
                       "claviger/data/prod-eu/bindings/everyone.sa/2",
                       "claviger/data/prod-eu/ledger/push"}));
}

TEST(PolicyTextTest, GivesUsersTheirBindingsAndTheirTokenOnly) {
  for (const Principal& principal :
       {Principal::User("alice"), Principal::ClaimGroup("finance"),
        Principal::EveryoneUser()}) {
    const json paths = json::parse(Policy(principal, 1, {}))["path"];
    for (const auto& [path, rule] : paths.items()) {
      EXPECT_TRUE(path == "claviger/data/prod-eu/bindings/" + IdOf(principal) ||
                  path.rfind("auth/token/", 0) == 0 ||
                  path.rfind("sys/leases/", 0) == 0)
          << path;
    }
    EXPECT_TRUE(
        paths.contains("claviger/data/prod-eu/bindings/" + IdOf(principal)));
  }
}

TEST(PolicyTextTest, LetsThoseEnginesBeWrittenToThatAreToldSomething) {
  model::VaultRef pki;
  pki.engine = model::Engine::kPki;
  pki.mount = "pki";
  pki.role = "web";
  model::VaultRef plain;
  plain.engine = model::Engine::kKv1;
  plain.mount = "kv";
  plain.path = "issue/web";
  const json paths = json::parse(
      Policy(kNightly, 1, {OpenedBy(plain), OpenedBy(pki)}))["path"];
  EXPECT_EQ(paths["pki/issue/web"], json({{"capabilities", {"update"}}}));
  EXPECT_EQ(paths["kv/issue/web"], json({{"capabilities", {"read"}}}));
  // The same path by two engines.
  plain.mount = "pki";
  EXPECT_EQ(json::parse(Policy(
                kNightly, 1,
                {OpenedBy(plain), OpenedBy(pki)}))["path"]["pki/issue/web"],
            json({{"capabilities", {"read", "update"}}}));
  EXPECT_EQ(Policy(kNightly, 1, {"update update x"}).rfind("refused: ", 0), 0U);
}

// By the account's name alone, one that was deleted and made anew would read
// its predecessor's.
TEST(PolicyTextTest, OpensPersonalSlotsByTheUidsOfAccountAndConnection) {
  const json paths =
      json::parse(Policy(kNightly, 1, {OpenedPersonal("a-1", "c-2")}))["path"];
  EXPECT_EQ(paths["claviger/data/prod-eu/personal/sa.reports.nightly/a-1/c-2"],
            json({{"capabilities", {"create", "read", "update"}}}));
  EXPECT_EQ(
      paths["claviger/metadata/prod-eu/personal/sa.reports.nightly/a-1/c-2"],
      json({{"capabilities", {"delete", "read"}}}));
  EXPECT_EQ(paths.size(), 8U);
}

TEST(PolicyTextTest, RefusesPersonalSlotsByUidsThatAreNotPlain) {
  for (const auto& [account, connection] :
       std::vector<std::pair<std::string, std::string>>{
           {"", "c"},
           {"a", ""},
           {"a", "+"},
           {"*", "c"},
           {"a/b", "c"},
           {"a", "c/d"},
           {"..", "c"},
           {"a", "{{identity.entity.id}}"},
           {"a", std::string(65, 'c')}}) {
    EXPECT_EQ(Policy(kNightly, 1, {OpenedPersonal(account, connection)})
                  .rfind("refused: ", 0),
              0U)
        << account << " " << connection;
  }
  EXPECT_EQ(Policy(Principal::User("alice"), 1, {OpenedPersonal("a", "c")})
                .rfind("refused: ", 0),
            0U);
}

TEST(PolicyTextTest, HoldsNoGlobNoTemplateAndNoDeny) {
  const std::string text = Policy(
      kNightly, 2, {"secret/data/sales/dw", OpenedPersonal("a-1", "c-2")});
  EXPECT_EQ(text.find('+'), std::string::npos);
  EXPECT_EQ(text.find('*'), std::string::npos);
  EXPECT_EQ(text.find("{{"), std::string::npos);
  EXPECT_EQ(text.find("deny"), std::string::npos);
}

TEST(PolicyTextTest, RefusesCredentialPathsThatAreNotPlain) {
  for (const char* path :
       {"", "secret/data/*", "secret/data/+", "secret/data/a+", "secret/a*",
        "secret//x", "/secret/x", "secret/x/", "secret/../sys", "..",
        "secret/%2e%2e/x", "secret/a\"b", "secret/{{identity.entity.name}}",
        "secret/a b", "secret/ROOT", "secret/\xc3\xa4", "secret/a\nb",
        "secret/a\\b"}) {
    EXPECT_EQ(Policy(kNightly, 1, {path}).rfind("refused: ", 0), 0U) << path;
  }
  EXPECT_EQ(Policy(kNightly, 1, {std::string(1100, 'a')}).rfind("refused", 0),
            0U);
}

TEST(PolicyTextTest, RefusesPrincipalsWithNamesThatAreNotPlain) {
  for (const char* name : {"", "a*", "+", "a/b", "..", "a\"b", "{{x}}"}) {
    EXPECT_EQ(Policy(Principal::ServiceAccount("reports", name), 1, {})
                  .rfind("refused: ", 0),
              0U)
        << name;
    EXPECT_EQ(Policy(Principal::ServiceAccount(name, "nightly"), 1, {})
                  .rfind("refused: ", 0),
              0U)
        << name;
    EXPECT_EQ(Policy(Principal::ClaimGroup(name), 1, {}).rfind("refused: ", 0),
              0U)
        << name;
  }
}

TEST(PolicyTextTest, TakesWholeKubernetesNames) {
  const std::string longest =
      std::string(120, 'a') + "." + std::string(132, 'b');
  EXPECT_NE(
      Policy(Principal::ServiceAccount(std::string(63, 'n'), longest), 1, {})
          .rfind("refused", 0),
      0U);
}

TEST(TokenPoliciesTest, AreOnesOwnAndTheOnesOfOnesKind) {
  const auto of = [](const Principal& principal) {
    return TokenPolicies(Layout(), principal);
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(of(kNightly), (Names{"claviger.prod-eu.everyone.sa",
                                 "claviger.prod-eu.sa.reports.nightly"}));
  EXPECT_EQ(of(Principal::ClaimGroup("finance")),
            (Names{"claviger.prod-eu.claim.finance",
                   "claviger.prod-eu.everyone.user"}));
  EXPECT_EQ(of(Principal::EveryoneUser()),
            Names{"claviger.prod-eu.everyone.user"});
}

TEST(RoleTextTest, BindsAKubernetesLoginToOneAccountAndOurAudience) {
  EXPECT_EQ(RoleText(Layout(), kNightly, nullptr),
            R"({"alias_name_source":"serviceaccount_uid",)"
            R"("audience":"claviger-3f9c",)"
            R"("bound_service_account_names":["nightly"],)"
            R"("bound_service_account_namespaces":["reports"],)"
            R"("token_max_ttl":86400,"token_no_default_policy":true,)"
            R"("token_policies":["claviger.prod-eu.everyone.sa",)"
            R"("claviger.prod-eu.sa.reports.nightly"],"token_ttl":3600})");
  EXPECT_EQ(AuthMountOf(Layout(), kNightly), "claviger");
}

TEST(RoleTextTest, BindsAJwtLoginToOneSubjectAndOurAudience) {
  VaultLayout layout = Layout();
  layout.auth_kind = "jwt";
  const json role = json::parse(RoleText(layout, kNightly, nullptr));
  EXPECT_EQ(role["role_type"], "jwt");
  EXPECT_EQ(role["bound_subject"], "system:serviceaccount:reports:nightly");
  EXPECT_EQ(role["bound_audiences"], json({"claviger-3f9c"}));
  EXPECT_EQ(role["token_no_default_policy"], true);
  EXPECT_FALSE(role.contains("bound_service_account_names"));
}

TEST(RoleTextTest, BindsAUserToItsNameTakenLiterally) {
  const json role =
      json::parse(RoleText(Layout(), Principal::User("alice"), nullptr));
  EXPECT_EQ(role["bound_claims"], json({{"sub", {"alice"}}}));
  EXPECT_EQ(role["bound_claims_type"], "string");
  EXPECT_EQ(role["bound_audiences"], json({"apps"}));
  EXPECT_EQ(AuthMountOf(Layout(), Principal::User("alice")), "claviger-users");
}

TEST(RoleTextTest, BindsAClaimGroupToItsClaimTakenLiterally) {
  const model::Claim claim{"groups", "fin-team"};
  const json role =
      json::parse(RoleText(Layout(), Principal::ClaimGroup("finance"), &claim));
  EXPECT_EQ(role["bound_claims"], json({{"groups", {"fin-team"}}}));
  EXPECT_EQ(role["bound_claims_type"], "string");
  EXPECT_EQ(role["user_claim"], "sub");
}

// Any user of the issuer, but still only with a token for us.
TEST(RoleTextTest, LetsEveryUserHaveTheEveryoneRole) {
  const json role =
      json::parse(RoleText(Layout(), Principal::EveryoneUser(), nullptr));
  EXPECT_EQ(role["bound_audiences"], json({"apps"}));
  EXPECT_EQ(role["token_policies"], json({"claviger.prod-eu.everyone.user"}));
  EXPECT_TRUE(access::HasRole(Principal::EveryoneUser()));
  EXPECT_FALSE(access::HasRole(Principal::EveryoneServiceAccount()));
}

}  // namespace
}  // namespace claviger::testing

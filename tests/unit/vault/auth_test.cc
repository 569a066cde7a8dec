// SPDX-License-Identifier: Apache-2.0
#include "vault/auth.h"

#include <gtest/gtest.h>

#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using testing::FakeVaultApi;
using Names = std::vector<std::string>;

constexpr char kLogin[] = R"({"auth":{"client_token":"hvs.1","accessor":"acc",
  "policies":["a","b"],"lease_duration":3600,"renewable":true}})";

class AuthTest : public ::testing::Test {
 protected:
  FakeVaultApi api_;
  Secret token_{std::string("hvs.admin")};
};

TEST_F(AuthTest, LogsInWithRoleAndJwtOnceOnly) {
  api_.Answer(200, kLogin);
  const Secret jwt(std::string("e30.e30.c2ln"));
  const auto login = LoginWithJwt(api_, "claviger", "claviger.c.sa.n.s", jwt);
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->token.Reveal(), "hvs.1");
  EXPECT_EQ(login->accessor, "acc");
  EXPECT_EQ(login->lease_duration, std::chrono::seconds(3600));
  EXPECT_TRUE(login->renewable);
  EXPECT_EQ(login->policies, (Names{"a", "b"}));
  const auto seen = api_.seen().at(0);
  EXPECT_EQ(seen.verb, Verb::kWrite);
  EXPECT_EQ(seen.path, "auth/claviger/login");
  EXPECT_EQ(seen.body, R"({"role":"claviger.c.sa.n.s","jwt":"e30.e30.c2ln"})");
  EXPECT_EQ(seen.token, "");
  EXPECT_FALSE(seen.idempotent);
}

TEST_F(AuthTest, RefusesToSendWhatIsNoJwtOrNoRole) {
  const Secret good(std::string("e30.e30.c2ln"));
  for (const char* jwt : {"a\",\"role\":\"root", "a b", "a\n", "a\\"}) {
    const auto login = LoginWithJwt(api_, "k", "r", Secret(std::string(jwt)));
    ASSERT_FALSE(login) << jwt;
    EXPECT_EQ(login.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(login.error().message.find(jwt), std::string::npos);
  }
  EXPECT_FALSE(
      LoginWithJwt(api_, "k", "r", Secret(std::string(1'000'000, 'a'))));
  for (const char* name : {"", "a/b", "a\"", "..", "ROOT", "a*"}) {
    EXPECT_FALSE(LoginWithJwt(api_, "k", name, good)) << name;
    EXPECT_FALSE(LoginWithJwt(api_, "k/" + std::string(name) + "//", "r", good))
        << name;
  }
  EXPECT_TRUE(api_.seen().empty());
}

TEST_F(AuthTest, HandsARefusedLoginOn) {
  api_.Break(ErrorCode::kPermissionDenied);
  const auto login =
      LoginWithJwt(api_, "k", "r", Secret(std::string("e30.e30.c2ln")));
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code, ErrorCode::kPermissionDenied);
}

TEST_F(AuthTest, FindsLoginsWithoutTheirPartsMalformed) {
  const Secret jwt(std::string("e30.e30.c2ln"));
  for (
      const char* body :
      {"{}", R"({"auth":null})", R"({"auth":{}})", R"({"auth":[]})",
       R"({"auth":{"client_token":7,"lease_duration":1}})",
       R"({"auth":{"client_token":"canary"}})",
       R"({"auth":{"client_token":"canary","lease_duration":"1h"}})",
       R"({"auth":{"client_token":"canary","lease_duration":1,"policies":[1]}})",
       R"({"auth":{"client_token":"canary","client_token":"b"}})",
       R"({"auth":{"client_token":"canary")", ""}) {
    api_.Answer(200, body);
    const auto login = LoginWithJwt(api_, "k", "r", jwt);
    ASSERT_FALSE(login) << body;
    EXPECT_EQ(login.error().code, ErrorCode::kMalformed) << body;
    EXPECT_EQ(login.error().message.find("canary"), std::string::npos);
  }
}

TEST_F(AuthTest, TakesBatchTokensAndNegativeLifetimes) {
  api_.Answer(200, R"({"auth":{"client_token":"b","lease_duration":-5}})");
  const auto login =
      LoginWithJwt(api_, "k", "r", Secret(std::string("e30.e30.c2ln")));
  ASSERT_TRUE(login);
  EXPECT_EQ(login->accessor, "");
  EXPECT_FALSE(login->renewable);
  EXPECT_EQ(login->lease_duration, std::chrono::seconds(0));
}

TEST_F(AuthTest, LooksAGivenTokenUp) {
  api_.Answer(200, R"({"data":{"id":"other","accessor":"acc","ttl":60,
                               "renewable":false,"policies":["p"]}})");
  const auto login = LoginWithToken(api_, Secret(std::string("hvs.mine")));
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->token.Reveal(), "hvs.mine") << "never what an answer says";
  EXPECT_EQ(login->lease_duration, std::chrono::seconds(60));
  EXPECT_EQ(login->policies, Names{"p"});
  EXPECT_EQ(api_.seen().at(0).path, "auth/token/lookup-self");
  EXPECT_EQ(api_.seen().at(0).token, "hvs.mine");
}

TEST_F(AuthTest, RenewsForTheIncrement) {
  api_.Answer(200, kLogin);
  const auto login = RenewSelf(api_, token_, std::chrono::minutes(90));
  ASSERT_TRUE(login);
  EXPECT_EQ(login->token.Reveal(), "hvs.admin");
  EXPECT_EQ(login->lease_duration, std::chrono::seconds(3600));
  EXPECT_EQ(api_.seen().at(0).path, "auth/token/renew-self");
  EXPECT_EQ(api_.seen().at(0).body, R"({"increment":5400})");
}

TEST_F(AuthTest, RevokesItselfOnce) {
  api_.Answer(204);
  EXPECT_TRUE(RevokeSelf(api_, token_));
  EXPECT_EQ(api_.seen().at(0).path, "auth/token/revoke-self");
  EXPECT_EQ(api_.seen().at(0).token, "hvs.admin");
  EXPECT_FALSE(api_.seen().at(0).idempotent);
}

TEST_F(AuthTest, ReadsARoleAsItsDataAlone) {
  api_.Answer(200, R"({"request_id":"x","data":{"b":[1],"a":3600}})");
  const auto role = ReadRole(api_, token_, "claviger", "claviger.c.sa.n.s");
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(*role, R"({"a":3600,"b":[1]})");
  EXPECT_EQ(api_.seen().at(0).path, "auth/claviger/role/claviger.c.sa.n.s");
  EXPECT_EQ(api_.seen().at(0).verb, Verb::kRead);
  api_.Break(ErrorCode::kNotFound);
  EXPECT_EQ(ReadRole(api_, token_, "k", "r").error().code,
            ErrorCode::kNotFound);
  api_.Answer(200, R"({"data":null})");
  EXPECT_EQ(ReadRole(api_, token_, "k", "r").error().code,
            ErrorCode::kMalformed);
}

TEST_F(AuthTest, WritesDeletesAndListsRoles) {
  api_.Answer(204);
  EXPECT_TRUE(WriteRole(api_, token_, "k", "r", R"({"audience":"a"})"));
  EXPECT_EQ(api_.seen().at(0).body, R"({"audience":"a"})");
  EXPECT_TRUE(api_.seen().at(0).idempotent);
  api_.Answer(204);
  EXPECT_TRUE(DeleteRole(api_, token_, "k", "r"));
  EXPECT_EQ(api_.seen().at(1).verb, Verb::kDelete);
  EXPECT_EQ(api_.seen().at(1).path, "auth/k/role/r");
  api_.Answer(200, R"({"data":{"keys":["r","s"]}})");
  EXPECT_EQ(*ListRoles(api_, token_, "k"), (Names{"r", "s"}));
  EXPECT_EQ(api_.seen().at(2).path, "auth/k/role");
  EXPECT_EQ(api_.seen().at(2).verb, Verb::kList);
}

TEST_F(AuthTest, TakesAnAbsentRoleForDeletedAndAnEmptyMountForNoRoles) {
  api_.Break(ErrorCode::kNotFound);
  EXPECT_TRUE(DeleteRole(api_, token_, "k", "r"));
  api_.Break(ErrorCode::kNotFound);
  EXPECT_EQ(*ListRoles(api_, token_, "k"), Names{});
  api_.Break(ErrorCode::kPermissionDenied);
  EXPECT_FALSE(DeleteRole(api_, token_, "k", "r"));
  api_.Break(ErrorCode::kUnavailable);
  EXPECT_FALSE(ListRoles(api_, token_, "k"));
}

TEST_F(AuthTest, ChecksNamesOfRolesBeforeAnythingIsSent) {
  for (const char* name : {"", "a/b", "..", "a*", "a+", "a\"b", "%2e", "ROOT",
                           "{{identity.entity.name}}", "\xc3\xa9"}) {
    EXPECT_FALSE(ReadRole(api_, token_, "k", name)) << name;
    EXPECT_FALSE(WriteRole(api_, token_, "k", name, "{}")) << name;
    EXPECT_FALSE(DeleteRole(api_, token_, "k", name)) << name;
    EXPECT_FALSE(ListRoles(api_, token_, name[0] == 'a' ? "a//" : name));
  }
  EXPECT_TRUE(api_.seen().empty());
}

}  // namespace
}  // namespace claviger::vault

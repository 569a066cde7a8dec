// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "http/curl_client.h"
#include "integration/vault_contract.h"
#include "support/http_call.h"
#include "support/real_servers.h"
#include "vault/http_api.h"
#include "vault/kv.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::Key;
using vault::Verb;

class VaultSysContractTest : public VaultContractTest {
 protected:
  // Past our client, to see what is really sent.
  HttpAnswer Ask(const std::string& method, const std::string& path,
                 const std::string& token, const std::string& body = "") {
    HttpCall call;
    call.method = method;
    call.url = vault().address() + "/v1/" + path;
    if (!token.empty()) call.headers = {{"X-Vault-Token", token}};
    call.body = body;
    return SendHttp(call).value();
  }

  static void ExpectErrors(const HttpAnswer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    const auto body = answer.Json();
    ASSERT_TRUE(body.is_object()) << answer.body;
    ASSERT_TRUE(body.contains("errors")) << answer.body;
    EXPECT_TRUE(body["errors"].is_array());
  }
};

TEST_F(VaultSysContractTest, IsActiveWithoutAToken) {
  EXPECT_EQ(*vault::ReadHealth(api()), vault::Health::kActive);
}

TEST_F(VaultSysContractTest, SaysWhenItIsSealed) {
  // One of its own: sealing the shared one would end the other tests.
  auto own = StartVaultUnderTest();
  CLAVIGER_NEED_SERVER(own);
  const auto client = *http::MakeCurlClient({});
  const auto there =
      *vault::MakeHttpApi({.address = (*own)->address()}, *client);
  const Secret token((*own)->root_token());
  ASSERT_TRUE((*own)->Seal(true));
  EXPECT_EQ(*vault::ReadHealth(*there), vault::Health::kSealed);
  EXPECT_EQ(CodeOf(vault::ListMounts(*there, token)), "sealed");
  EXPECT_EQ(CodeOf(vault::LoginWithToken(*there, token.Clone())), "sealed");
  ASSERT_TRUE((*own)->Seal(false));
  EXPECT_EQ(*vault::ReadHealth(*there), vault::Health::kActive);
  EXPECT_EQ(CodeOf(vault::ListMounts(*there, token)), "ok");
}

TEST_F(VaultSysContractTest, ListsWhatIsMounted) {
  const std::string two = NewKv("2");
  const std::string one = NewKv("1");
  const auto mounts = vault::ListMounts(api(), root());
  ASSERT_TRUE(mounts) << mounts.error().message;
  EXPECT_EQ(mounts->at(two).type, "kv");
  EXPECT_EQ(mounts->at(two).options.at("version"), "2");
  EXPECT_EQ(mounts->at(one).type, "kv");
  EXPECT_EQ(mounts->at(one).options.at("version"), "1");
  EXPECT_THAT(*mounts, Contains(Key("sys")));
  const std::string jwt = Fresh("jwt");
  ASSERT_TRUE(vault::EnableAuthMount(api(), root(), jwt, "jwt"));
  const auto auth = vault::ListAuthMounts(api(), root());
  ASSERT_TRUE(auth) << auth.error().message;
  EXPECT_EQ(auth->at(jwt).type, "jwt");
  EXPECT_EQ(auth->at("token").type, "token");
}

TEST_F(VaultSysContractTest, MountsNothingTwice) {
  const std::string kv = NewKv();
  EXPECT_EQ(CodeOf(vault::EnableMount(api(), root(), kv, {.type = "kv"})),
            "invalid_argument");
  const std::string jwt = Fresh("jwt");
  ASSERT_TRUE(vault::EnableAuthMount(api(), root(), jwt, "jwt"));
  EXPECT_EQ(CodeOf(vault::EnableAuthMount(api(), root(), jwt, "jwt")),
            "invalid_argument");
}

TEST_F(VaultSysContractTest, FindsNothingAtUnknownPaths) {
  for (const Verb verb : {Verb::kRead, Verb::kList, Verb::kWrite}) {
    EXPECT_EQ(Outcome(root(), verb, Fresh("unmounted") + "/a",
                      verb == Verb::kWrite ? "{}" : ""),
              "not_found");
  }
  EXPECT_EQ(Outcome(root(), Verb::kRead, "sys/no-such-thing"), "not_found");
}

TEST_F(VaultSysContractTest, RefusesWithoutCapability) {
  const std::string kv = NewKv();
  const Secret token = NewToken({Rule{"s/a", {"read"}}});
  EXPECT_EQ(Outcome(token, Verb::kRead, kv + "/data/a"), "permission_denied");
  EXPECT_EQ(Outcome(token, Verb::kRead, "sys/mounts"), "permission_denied");
  EXPECT_EQ(Outcome(token, Verb::kRead, Fresh("unmounted") + "/a"),
            "permission_denied")
      << "what is not mounted is not told apart from what is not allowed";
  EXPECT_EQ(Outcome(Secret(), Verb::kRead, kv + "/data/a"),
            "permission_denied");
  EXPECT_EQ(Outcome(Secret(std::string("hvs.none")), Verb::kRead, kv + "/x"),
            "permission_denied");
}

TEST_F(VaultSysContractTest, AnswersErrorsInVaultsShape) {
  const std::string kv = NewKv();
  const std::string token = vault().root_token();
  ExpectErrors(Ask("GET", kv + "/data/none", token), 404);
  ExpectErrors(Ask("GET", Fresh("unmounted") + "/a", token), 404);
  ExpectErrors(Ask("GET", kv + "/data/none", "hvs.none"), 403);
  ExpectErrors(Ask("GET", kv + "/data/none", ""), 403);
  ExpectErrors(Ask("POST", kv + "/data/a", token, R"({"data":7})"), 400);
  ExpectErrors(Ask("POST", "sys/policies/acl/x", token, "{}"), 400);
}

TEST_F(VaultSysContractTest, TakesPutForPostAndListAsAQuery) {
  const std::string kv = NewKv();
  const std::string token = vault().root_token();
  EXPECT_EQ(Ask("PUT", kv + "/data/a", token, R"({"data":{}})").status, 200);
  const HttpAnswer listed = Ask("GET", kv + "/metadata?list=true", token);
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(listed.Json()["data"]["keys"], nlohmann::json({"a"}));
  const HttpAnswer slash = Ask("LIST", kv + "/metadata/", token);
  EXPECT_EQ(slash.Json()["data"]["keys"], nlohmann::json({"a"}));
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Who gets through: tokens, policies as they are now, and what each kind of
// request asks of them. Answers as seen from a real Vault 1.21.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/dev/vault_fixture.h"

namespace claviger::dev::testing {
namespace {

class AccessTest : public VaultTest {
 protected:
  AccessTest() {
    Write("sys/mounts/secret",
          {{"type", "kv"}, {"options", {{"version", "2"}}}});
    Write("sys/mounts/kv1", {{"type", "kv"}});
    Write("secret/data/a", kBody);
    Write("secret/data/dir/x", kBody);
    Write("kv1/a", {{"k", 1}});
  }

  int As(const std::string& token, const std::string& method,
         const std::string& path, const json& body = nullptr) {
    return Call(method, path, body, token).status;
  }
  std::string With(
      const std::map<std::string, std::vector<std::string>>& paths) {
    WritePolicy("p", paths);
    return TokenWith({"p"});
  }

  const json kBody = {{"data", {{"k", "v"}}}};
};

TEST_F(AccessTest, RefusesWithoutTokenAndWithAnUnknownOne) {
  EXPECT_EQ(Call("GET", "secret/data/a", nullptr, "").error(),
            "permission denied");
  const auto unknown = Call("GET", "secret/data/a", nullptr, "hvs.nobody");
  EXPECT_EQ(unknown.status, 403);
  EXPECT_THAT(unknown.error(), ::testing::HasSubstr("invalid token"));
}

TEST_F(AccessTest, TakesTheTokenAsBearerToo) {
  http::ServerRequest request;
  request.method = "GET";
  request.target = "/v1/secret/data/a";
  request.headers = {{"Authorization", "Bearer " + root()}};
  EXPECT_EQ(core_->Answer(std::move(request)).status, 200);
}

TEST_F(AccessTest, FollowsAPolicyThatChangesUnderALiveToken) {
  const std::string token = With({{"secret/data/a", {"read"}}});
  EXPECT_EQ(As(token, "GET", "secret/data/a"), 200);
  WritePolicy("p", {{"secret/data/b", {"read"}}});
  EXPECT_EQ(As(token, "GET", "secret/data/a"), 403);
  WritePolicy("p", {{"secret/data/a", {"read"}}});
  EXPECT_EQ(As(token, "GET", "secret/data/a"), 200);
  Delete("sys/policies/acl/p");
  EXPECT_EQ(As(token, "GET", "secret/data/a"), 403);
}

TEST_F(AccessTest, TellsCreationFromUpdate) {
  const std::string creator = TokenWith({"c"});
  const std::string updater = TokenWith({"u"});
  WritePolicy("c", {{"secret/data/*", {"create"}}, {"kv1/*", {"create"}}});
  WritePolicy("u", {{"secret/data/*", {"update"}}, {"kv1/*", {"update"}}});
  EXPECT_EQ(As(creator, "POST", "secret/data/a", kBody), 403);
  EXPECT_EQ(As(creator, "POST", "secret/data/n", kBody), 200);
  EXPECT_EQ(As(updater, "POST", "secret/data/a", kBody), 200);
  EXPECT_EQ(As(updater, "POST", "secret/data/m", kBody), 403);
  EXPECT_EQ(As(creator, "POST", "kv1/a", {{"k", 1}}), 403);
  EXPECT_EQ(As(creator, "POST", "kv1/n", {{"k", 1}}), 204);
  EXPECT_EQ(As(updater, "POST", "kv1/m", {{"k", 1}}), 403);
}

TEST_F(AccessTest, RolesAreCreatedOrUpdatedPoliciesOnlyUpdated) {
  Write("sys/auth/kubernetes", {{"type", "kubernetes"}});
  const json role = {{"bound_service_account_names", "a"},
                     {"bound_service_account_namespaces", "n"},
                     {"audience", "x"}};
  const std::string creator = With({{"auth/kubernetes/role/*", {"create"}},
                                    {"sys/policies/acl/*", {"create"}}});
  EXPECT_EQ(As(creator, "POST", "auth/kubernetes/role/r", role), 204);
  EXPECT_EQ(As(creator, "POST", "auth/kubernetes/role/r", role), 403);
  EXPECT_EQ(As(creator, "POST", "sys/policies/acl/x", {{"policy", "{}"}}), 403);
  const std::string updater = With({{"auth/kubernetes/role/*", {"update"}},
                                    {"sys/policies/acl/*", {"update"}}});
  EXPECT_EQ(As(updater, "POST", "auth/kubernetes/role/r", role), 204);
  EXPECT_EQ(As(updater, "POST", "auth/kubernetes/role/s", role), 403);
  EXPECT_EQ(As(updater, "POST", "sys/policies/acl/x", {{"policy", "{}"}}), 204);
}

TEST_F(AccessTest, ListsWithAndWithoutTheSlash) {
  for (const char* path : {"secret/metadata/dir", "secret/metadata/dir/",
                           "secret/metadata/dir/*", "secret/metadata/+"}) {
    const std::string token = With({{path, {"list"}}});
    EXPECT_EQ(As(token, "LIST", "secret/metadata/dir"), 200) << path;
    EXPECT_EQ(As(token, "LIST", "secret/metadata/dir/"), 200) << path;
    EXPECT_EQ(As(token, "GET", "secret/metadata/dir?list=true"), 200) << path;
    EXPECT_EQ(As(token, "GET", "secret/metadata/dir"), 403) << path;
  }
  EXPECT_EQ(As(With({{"secret/metadata/dir/", {"deny"}},
                     {"secret/metadata/dir", {"list"}}}),
               "LIST", "secret/metadata/dir"),
            403);
}

TEST_F(AccessTest, AuthMountsWantSudoSecretMountsDoNot) {
  const std::string plain =
      With({{"sys/mounts/*", {"update"}}, {"sys/auth/*", {"update"}}});
  EXPECT_EQ(As(plain, "POST", "sys/mounts/m", {{"type", "kv"}}), 204);
  EXPECT_EQ(As(plain, "POST", "sys/auth/m", {{"type", "jwt"}}), 403);
  const std::string sudo = With({{"sys/auth/*", {"update", "sudo"}}});
  EXPECT_EQ(As(sudo, "POST", "sys/auth/m", {{"type", "jwt"}}), 204);
}

TEST_F(AccessTest, UnknownMountIsToldOnlyToThoseWhoMayGoThere) {
  EXPECT_EQ(Read("nomount/x").error(),
            "no handler for route \"nomount/x\". route entry not found.");
  EXPECT_EQ(As(With({{"secret/*", {"read"}}}), "GET", "nomount/x"), 403);
}

TEST_F(AccessTest, MountsAreShownToThoseWithARuleInThem) {
  const std::string token = With({{"secret/data/a", {"read"}}});
  const auto mount =
      Call("GET", "sys/internal/ui/mounts/secret/data/a", nullptr, token);
  EXPECT_EQ(mount.status, 200);
  EXPECT_EQ(mount.data()["options"]["version"], "2");
  EXPECT_EQ(As(token, "GET", "sys/internal/ui/mounts/kv1"), 403);
  const auto all = Call("GET", "sys/internal/ui/mounts", nullptr, token);
  EXPECT_TRUE(all.data()["secret"].contains("secret/"));
  EXPECT_FALSE(all.data()["secret"].contains("kv1/"));
}

TEST_F(AccessTest, CapabilitiesAreWhatTheTokenMayDo) {
  const std::string token = With(
      {{"secret/data/a", {"read", "update"}}, {"secret/data/b", {"deny"}}});
  const auto answer =
      Write("sys/capabilities",
            {{"token", token},
             {"paths", {"secret/data/a", "secret/data/b", "secret/data/c"}}});
  EXPECT_EQ(answer.data()["secret/data/a"], json({"read", "update"}));
  EXPECT_EQ(answer.data()["secret/data/b"], json({"deny"}));
  EXPECT_EQ(answer.data()["secret/data/c"], json({"deny"}));
  EXPECT_EQ(answer.body["secret/data/a"], json({"read", "update"}));
  EXPECT_EQ(
      Write("sys/capabilities", {{"token", "nope"}, {"paths", {"x"}}}).status,
      400);
  EXPECT_EQ(Write("sys/capabilities-self", {{"paths", json::array()}}).status,
            400);
}

TEST_F(AccessTest, TokenWithoutPoliciesMayNotEvenLookAtItself) {
  const std::string token = TokenWith({"nothing"});
  EXPECT_EQ(As(token, "GET", "auth/token/lookup-self"), 403);
  EXPECT_EQ(As(token, "POST", "sys/capabilities-self", {{"path", "x"}}), 403);
  EXPECT_EQ(As(token, "POST", "auth/token/revoke-self"), 403);
}

TEST_F(AccessTest, SealedAnswers503ToEverythingButHealth) {
  core_->Seal(true);
  EXPECT_EQ(Read("secret/data/a").status, 503);
  EXPECT_EQ(Read("secret/data/a").error(), "Vault is sealed");
  EXPECT_EQ(Call("GET", "sys/health", nullptr, "").status, 503);
  const auto status = Call("GET", "sys/seal-status", nullptr, "");
  EXPECT_EQ(status.status, 200);
  EXPECT_EQ(status.body["sealed"], true);
  core_->Seal(false);
  EXPECT_EQ(Call("GET", "sys/health", nullptr, "").status, 200);
  EXPECT_EQ(Read("secret/data/a").status, 200);
}

TEST_F(AccessTest, SealingWantsSudo) {
  EXPECT_EQ(As(With({{"sys/seal", {"update"}}}), "POST", "sys/seal"), 403);
  EXPECT_EQ(As(With({{"sys/seal", {"update", "sudo"}}}), "POST", "sys/seal"),
            204);
  EXPECT_EQ(Call("GET", "sys/health", nullptr, "").status, 503);
}

TEST_F(AccessTest, DotsAndDoubleSlashesAreRedirected) {
  for (const char* target :
       {"/v1/secret/data/../x", "/v1/secret//data/x", "/v1/./secret/x"}) {
    http::ServerRequest request;
    request.method = "GET";
    request.target = target;
    EXPECT_EQ(core_->Answer(std::move(request)).status, 307) << target;
  }
}

TEST_F(AccessTest, BodiesThatAreNoObjectsAreRefused) {
  const auto send = [&](const std::string& body) {
    http::ServerRequest request;
    request.method = "POST";
    request.target = "/v1/secret/data/a";
    request.headers = {{"X-Vault-Token", root()}};
    request.body = body;
    return core_->Answer(std::move(request)).status;
  };
  EXPECT_EQ(send("{bad"), 500);
  EXPECT_EQ(send("[1]"), 400);
  EXPECT_EQ(send(R"({"data":{},"data":{}})"), 500);
  EXPECT_EQ(send(std::string(200, '[')), 500);
}

}  // namespace
}  // namespace claviger::dev::testing

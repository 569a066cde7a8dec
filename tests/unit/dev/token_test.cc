// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/dev/vault_fixture.h"

namespace claviger::dev::testing {
namespace {

using std::chrono::seconds;

class TokenTest : public VaultTest {
 protected:
  VaultAnswer Self(const std::string& token) {
    return Call("GET", "auth/token/lookup-self", nullptr, token);
  }
  VaultAnswer Renew(const std::string& token, const json& body = nullptr) {
    return Call("POST", "auth/token/renew-self", body, token);
  }
  static int64_t Lease(const VaultAnswer& answer) {
    return answer.body["auth"]["lease_duration"];
  }
};

TEST_F(TokenTest, EndsWithItsTtl) {
  const auto made =
      Write("auth/token/create", {{"policies", {"a"}}, {"ttl", "1h"}});
  EXPECT_EQ(Lease(made), 3600);
  const std::string token = made.token();
  clock_.Advance(seconds(3599));
  EXPECT_EQ(Self(token).data()["ttl"], 1);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Self(token).status, 403);
  EXPECT_EQ(Write("auth/token/lookup", {{"token", token}}).status, 403);
}

TEST_F(TokenTest, ShowsWhatItIs) {
  const auto made = Write("auth/token/create", {{"policies", {"B ", "a", "b"}},
                                                {"ttl", 60},
                                                {"display_name", "me"},
                                                {"meta", {{"k", "v"}}}});
  EXPECT_EQ(made.body["auth"]["policies"], json({"a", "b", "default"}));
  const auto self = Self(made.token()).data();
  EXPECT_EQ(self["id"], made.token());
  EXPECT_EQ(self["policies"], json({"a", "b", "default"}));
  EXPECT_EQ(self["display_name"], "me");
  EXPECT_EQ(self["meta"]["k"], "v");
  EXPECT_EQ(self["creation_ttl"], 60);
  EXPECT_EQ(self["orphan"], false);
  EXPECT_EQ(self["expire_time"], "2026-01-01T00:01:00Z");
}

TEST_F(TokenTest, RootDoesNotExpireAndCannotBeRenewed) {
  clock_.Advance(std::chrono::hours(24 * 365 * 10));
  EXPECT_EQ(Self(root()).data()["ttl"], 0);
  EXPECT_EQ(Renew(root()).error(), "invalid lease ID");
}

TEST_F(TokenTest, RenewalCountsFromNow) {
  const std::string token =
      Write("auth/token/create", {{"policies", {"a"}}, {"ttl", "1h"}}).token();
  clock_.Advance(seconds(3000));
  EXPECT_EQ(Lease(Renew(token, {{"increment", 7200}})), 7200);
  EXPECT_EQ(Lease(Renew(token, {{"increment", "30m"}})), 1800);
  EXPECT_EQ(Lease(Renew(token)), 1800);
  clock_.Advance(seconds(1799));
  EXPECT_EQ(Self(token).status, 200);
  clock_.Advance(seconds(1));
  EXPECT_EQ(Self(token).status, 403);
}

TEST_F(TokenTest, RenewalStopsAtTheMaximum) {
  const std::string token =
      Write("auth/token/create",
            {{"policies", {"a"}}, {"ttl", "10s"}, {"explicit_max_ttl", "15s"}})
          .token();
  const auto renewed = Renew(token, {{"increment", 3600}});
  EXPECT_EQ(Lease(renewed), 15);
  EXPECT_THAT(renewed.body["warnings"][0].get<std::string>(),
              ::testing::HasSubstr("max_ttl of \"15s\""));
  clock_.Advance(seconds(10));
  EXPECT_EQ(Lease(Renew(token, {{"increment", 3600}})), 5);
  clock_.Advance(seconds(5));
  EXPECT_EQ(Renew(token).status, 403);
}

TEST_F(TokenTest, TtlIsCappedByTheSystem) {
  const auto made =
      Write("auth/token/create", {{"policies", {"a"}}, {"ttl", "99999h"}});
  EXPECT_EQ(Lease(made), kMaxTtlSeconds);
  EXPECT_FALSE(made.body["warnings"].is_null());
}

TEST_F(TokenTest, PeriodicTokensLiveAsLongAsTheyAreRenewed) {
  const std::string token =
      Write("auth/token/create", {{"policies", {"a"}}, {"period", "1h"}})
          .token();
  for (int i = 0; i < 2'000; ++i) {
    clock_.Advance(seconds(3599));
    ASSERT_EQ(Lease(Renew(token)), 3600);
  }
}

TEST_F(TokenTest, ThatIsNotRenewableIsNotRenewed) {
  const std::string token =
      Write("auth/token/create",
            {{"policies", {"a"}}, {"ttl", "10s"}, {"renewable", false}})
          .token();
  EXPECT_EQ(Renew(token).error(), "lease is not renewable");
}

TEST_F(TokenTest, RevocationTakesTheChildrenToo) {
  const std::string parent =
      Write("auth/token/create", {{"ttl", "1h"}}).token();
  const std::string child =
      Call("POST", "auth/token/create", {{"ttl", "1h"}}, parent).token();
  const std::string orphan =
      Call("POST", "auth/token/create-orphan", {{"ttl", "1h"}}, parent).token();
  EXPECT_EQ(Call("POST", "auth/token/revoke-self", nullptr, parent).status,
            204);
  EXPECT_EQ(Self(parent).status, 403);
  EXPECT_EQ(Self(child).status, 403);
  EXPECT_EQ(Self(orphan).status, 200);
}

TEST_F(TokenTest, ExpiryTakesTheChildrenToo) {
  const std::string parent =
      Write("auth/token/create", {{"ttl", "10s"}}).token();
  const std::string child =
      Call("POST", "auth/token/create", {{"ttl", "1h"}}, parent).token();
  clock_.Advance(seconds(10));
  EXPECT_EQ(Self(parent).status, 403);
  EXPECT_EQ(Self(child).status, 403);
}

TEST_F(TokenTest, IsRevokedByItsAccessor) {
  const auto made = Write("auth/token/create", {{"policies", {"a"}}});
  const json by = {{"accessor", made.body["auth"]["accessor"]}};
  EXPECT_EQ(Write("auth/token/lookup-accessor", by).data()["id"], "");
  EXPECT_EQ(Write("auth/token/revoke-accessor", by).status, 204);
  EXPECT_EQ(Self(made.token()).status, 403);
  EXPECT_EQ(Write("auth/token/lookup-accessor", by).status, 400);
  EXPECT_EQ(Write("auth/token/revoke-accessor", by).status, 200);
}

TEST_F(TokenTest, WithANumberOfUsesEndsAfterThem) {
  const std::string token =
      Write("auth/token/create", {{"policies", {"a"}}, {"num_uses", 2}})
          .token();
  EXPECT_EQ(Self(token).data()["num_uses"], 1);
  EXPECT_EQ(Self(token).data()["num_uses"], -1);
  EXPECT_EQ(Self(token).status, 403);
}

TEST_F(TokenTest, GivesAChildNoMoreThanItHas) {
  WritePolicy("p", {{"auth/token/*", {"update"}}});
  const std::string parent = TokenWith({"p"});
  const auto create = [&](const json& body) {
    return Call("POST", "auth/token/create", body, parent);
  };
  EXPECT_EQ(create({{"policies", {"p"}}}).body["auth"]["policies"],
            json({"p"}));
  EXPECT_EQ(create(json::object()).body["auth"]["policies"], json({"p"}));
  for (const char* more : {"root", "default", "other", "ROOT"}) {
    EXPECT_EQ(create({{"policies", {more}}}).error(),
              "child policies must be subset of parent")
        << more;
  }
  EXPECT_EQ(create({{"no_parent", true}}).status, 400);
  EXPECT_EQ(create({{"period", "1h"}}).status, 400);
  EXPECT_EQ(create({{"id", "chosen"}}).status, 400);
}

TEST_F(TokenTest, SudoIsNotRoot) {
  WritePolicy("s", {{"auth/token/create", {"update", "sudo"}}});
  const std::string parent = TokenWith({"s"});
  EXPECT_EQ(Call("POST", "auth/token/create", {{"policies", {"other"}}}, parent)
                .status,
            200);
  EXPECT_EQ(Call("POST", "auth/token/create", {{"policies", {"root"}}}, parent)
                .status,
            400);
}

TEST_F(TokenTest, RefusesWhatItCannotRead) {
  for (const json& body : std::vector<json>{{{"ttl", "x"}},
                                            {{"ttl", "-5s"}},
                                            {{"ttl", true}},
                                            {{"num_uses", "many"}},
                                            {{"type", "batch"}},
                                            {{"meta", "x"}}}) {
    EXPECT_EQ(Write("auth/token/create", body).status, 400) << body;
  }
  EXPECT_EQ(Renew(root(), {{"increment", "x"}}).status, 400);
}

TEST_F(TokenTest, KeepsNoTokenInTheClear) {
  const auto made = Write("auth/token/create", {{"policies", {"a"}}});
  const auto again =
      Write("auth/token/create", {{"policies", {"a"}}, {"id", made.token()}});
  EXPECT_EQ(again.status, 400);
}

}  // namespace
}  // namespace claviger::dev::testing

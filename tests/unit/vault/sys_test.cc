// SPDX-License-Identifier: Apache-2.0
#include "vault/sys.h"

#include <gtest/gtest.h>

#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using testing::FakeVaultApi;
using Names = std::vector<std::string>;

class SysTest : public ::testing::Test {
 protected:
  FakeVaultApi api_;
  Secret token_{std::string("s.1")};
};

TEST_F(SysTest, TellsTheStatesOfHealthApart) {
  const auto health = [&](int status, const char* body) {
    api_.Answer(status, body);
    return *ReadHealth(api_);
  };
  EXPECT_EQ(
      health(200, R"({"initialized":true,"sealed":false,"standby":false})"),
      Health::kActive);
  EXPECT_EQ(
      health(429, R"({"initialized":true,"sealed":false,"standby":true})"),
      Health::kStandby);
  EXPECT_EQ(health(503, R"({"initialized":true,"sealed":true,"standby":true})"),
            Health::kSealed);
  EXPECT_EQ(health(501, R"({"initialized":false,"sealed":true})"),
            Health::kUninitialized);
  EXPECT_EQ(api_.seen().at(0).path, "sys/health");
  EXPECT_EQ(api_.seen().at(0).token, "");
}

TEST_F(SysTest, TakesNothingElseForHealth) {
  api_.Answer(503, R"({"errors":["Vault is sealed"]})");
  EXPECT_EQ(ReadHealth(api_).error().code, ErrorCode::kMalformed);
  api_.Answer(200, R"({"initialized":"yes"})");
  EXPECT_EQ(ReadHealth(api_).error().code, ErrorCode::kMalformed);
  api_.Break(ErrorCode::kUnavailable);
  EXPECT_EQ(ReadHealth(api_).error().code, ErrorCode::kUnavailable);
}

TEST_F(SysTest, ListsMountsWithoutTheirSlash) {
  api_.Answer(200, R"({"secret/":{"type":"x"},"data":{
      "secret/":{"type":"kv","options":{"version":"2","n":1}},
      "a/b/":{"type":"database","options":null},"odd":7}})");
  const auto mounts = ListMounts(api_, token_);
  ASSERT_TRUE(mounts) << mounts.error().message;
  ASSERT_EQ(mounts->size(), 2U);
  EXPECT_EQ(mounts->at("secret").type, "kv");
  EXPECT_EQ(mounts->at("secret").options,
            (std::map<std::string, std::string>{{"version", "2"}}));
  EXPECT_EQ(mounts->at("a/b").type, "database");
  EXPECT_EQ(api_.seen().at(0).path, "sys/mounts");
}

TEST_F(SysTest, ListsAuthMounts) {
  api_.Answer(200, R"({"data":{"token/":{"type":"token"}}})");
  EXPECT_EQ(ListAuthMounts(api_, token_)->at("token").type, "token");
  EXPECT_EQ(api_.seen().at(0).path, "sys/auth");
  api_.Answer(200, R"({"data":[]})");
  EXPECT_EQ(ListAuthMounts(api_, token_).error().code, ErrorCode::kMalformed);
}

TEST_F(SysTest, EnablesMounts) {
  api_.Answer(204);
  EXPECT_TRUE(EnableMount(api_, token_, "claviger",
                          {.type = "kv", .options = {{"version", "2"}}}));
  EXPECT_EQ(api_.seen().at(0).path, "sys/mounts/claviger");
  EXPECT_EQ(api_.seen().at(0).body,
            R"({"options":{"version":"2"},"type":"kv"})");
  EXPECT_FALSE(api_.seen().at(0).idempotent);
  api_.Answer(204);
  EXPECT_TRUE(EnableAuthMount(api_, token_, "claviger", "kubernetes"));
  EXPECT_EQ(api_.seen().at(1).path, "sys/auth/claviger");
  EXPECT_EQ(api_.seen().at(1).body, R"({"type":"kubernetes"})");
  EXPECT_FALSE(EnableAuthMount(api_, token_, "../x", "kubernetes"));
}

TEST_F(SysTest, AsksForItsOwnCapabilities) {
  api_.Answer(200, R"({"data":{"a/b":["read","list"],"c\"d/":["deny"]}})");
  const auto found = Capabilities(api_, token_, token_, {"a/b", "c\"d/", "e"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->at("a/b"), (Names{"read", "list"}));
  EXPECT_EQ(found->at("c\"d/"), Names{"deny"});
  EXPECT_EQ(found->at("e"), Names{}) << "what is not said is not allowed";
  EXPECT_EQ(api_.seen().at(0).path, "sys/capabilities-self");
  EXPECT_EQ(api_.seen().at(0).body, R"({"paths":["a/b","c\"d/","e"]})");
}

TEST_F(SysTest, AsksForAnothersCapabilities) {
  api_.Answer(200, R"({"data":{"a":["deny"]}})");
  const Secret other(std::string("hvs.2"));
  ASSERT_TRUE(Capabilities(api_, token_, other, {"a"}));
  EXPECT_EQ(api_.seen().at(0).path, "sys/capabilities");
  EXPECT_EQ(api_.seen().at(0).body, R"({"token":"hvs.2","paths":["a"]})");
  const Secret odd(std::string("a\",\"b\":\""));
  EXPECT_EQ(Capabilities(api_, token_, odd, {"a"}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(api_.seen().size(), 1U);
}

}  // namespace
}  // namespace claviger::vault

// SPDX-License-Identifier: Apache-2.0
#include "vault/http_api.h"

#include <gtest/gtest.h>

#include "support/fake_http_client.h"

namespace claviger::vault {
namespace {

using testing::FakeHttpClient;
using Headers = std::map<std::string, std::string>;

class HttpApiTest : public ::testing::Test {
 protected:
  std::unique_ptr<Api> Make(HttpApiSettings settings = {
                                .address = "https://vault.corp:8200"}) {
    return *MakeHttpApi(settings, client_);
  }

  FakeHttpClient client_;
};

TEST_F(HttpApiTest, SendsAReadWithTheTokenAndNothingElse) {
  client_.Answer(200, "{}");
  const Secret token(std::string("s.1"));
  Call call;
  call.path = "secret/data/sales/dw";
  call.query = "version=3";
  call.token = &token;
  call.deadline = std::chrono::milliseconds(1'234);
  ASSERT_TRUE(Make()->Do(call));
  const FakeHttpClient::Seen seen = client_.seen().at(0);
  EXPECT_EQ(seen.method, http::Method::kGet);
  EXPECT_EQ(seen.url,
            "https://vault.corp:8200/v1/secret/data/sales/dw?version=3");
  EXPECT_EQ(seen.headers, (Headers{{"X-Vault-Request", "true"},
                                   {"Accept", "application/json"},
                                   {"X-Vault-Token", "s.1"}}));
  EXPECT_EQ(seen.body, "");
  EXPECT_EQ(seen.deadline, std::chrono::milliseconds(1'234));
  EXPECT_TRUE(seen.repeatable);
}

TEST_F(HttpApiTest, SendsAWriteAsJson) {
  client_.Answer(204, "");
  Call call;
  call.verb = Verb::kWrite;
  call.path = "auth/kubernetes/login";
  call.body = R"({"role":"r"})";
  call.idempotent = false;
  ASSERT_TRUE(Make()->Do(call));
  const FakeHttpClient::Seen seen = client_.seen().at(0);
  EXPECT_EQ(seen.method, http::Method::kPost);
  EXPECT_EQ(seen.headers, (Headers{{"X-Vault-Request", "true"},
                                   {"Accept", "application/json"},
                                   {"Content-Type", "application/json"}}));
  EXPECT_EQ(seen.body, R"({"role":"r"})");
  EXPECT_FALSE(seen.repeatable);
}

TEST_F(HttpApiTest, ListsAndDeletesByTheirMethods) {
  client_.Answer(200, "{}");
  client_.Answer(204, "");
  const auto api = Make();
  Call call;
  call.path = "sys/policies/acl";
  call.verb = Verb::kList;
  ASSERT_TRUE(api->Do(call));
  call.verb = Verb::kDelete;
  ASSERT_TRUE(api->Do(call));
  EXPECT_EQ(client_.seen().at(0).method, http::Method::kList);
  EXPECT_EQ(client_.seen().at(1).method, http::Method::kDelete);
}

TEST_F(HttpApiTest, SendsTheNamespaceOnlyWhenConfigured) {
  client_.Answer(200, "{}");
  Call call;
  call.path = "a";
  ASSERT_TRUE(
      Make({.address = "http://v", .vault_namespace = "team/a/"})->Do(call));
  EXPECT_EQ(client_.seen().at(0).headers.at("X-Vault-Namespace"), "team/a/");
}

TEST_F(HttpApiTest, SendsNoPathThatVaultCouldReadDifferently) {
  const auto api = Make();
  for (const char* path : {"",
                           "/",
                           "/secret",
                           "secret/",
                           "secret//a",
                           "secret/../sys",
                           ".",
                           "..",
                           "secret/./a",
                           "secret/%2e%2e",
                           "secret/a%2Fb",
                           "secret/a b",
                           "secret/a?x=1",
                           "secret/a#b",
                           "secret/*",
                           "secret/+",
                           "secret/a\n",
                           "secret/\xc3\xa9",
                           "secret/{{x}}",
                           "sys/policies/acl/ROOT",
                           "secret/a\\b",
                           "secret/a\"b"}) {
    Call call;
    call.path = path;
    const auto answer = api->Do(call);
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument) << path;
  }
  Call call;
  call.path = std::string("secret/a\0b", 10);
  EXPECT_FALSE(api->Do(call));
  call.path = std::string(600, 'a');
  EXPECT_FALSE(api->Do(call));
  call.path = "secret/a";
  for (const char* query : {"a=b c", "a=b#", "a=%41", "a=b\r\n", "a=b?"}) {
    call.query = query;
    EXPECT_FALSE(api->Do(call)) << query;
  }
  EXPECT_TRUE(client_.seen().empty());
}

TEST_F(HttpApiTest, PutsTheCallInFrontOfTheClientsError) {
  client_.Break(ErrorCode::kDeadlineExceeded, "no complete answer");
  Call call;
  call.verb = Verb::kWrite;
  call.path = "sys/policies/acl/p";
  const auto answer = Make()->Do(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(answer.error().message,
            "write sys/policies/acl/p: no complete answer; whether it took "
            "effect is unknown");
}

TEST_F(HttpApiTest, TakesPlainAddressesOnly) {
  const auto fits = [&](const char* address) {
    return MakeHttpApi({.address = address}, client_).has_value();
  };
  for (const char* good :
       {"http://127.0.0.1:8200", "https://vault.corp", "https://[::1]:8200",
        "https://[fd00::1]", "http://vault-0.vault:1"}) {
    EXPECT_TRUE(fits(good)) << good;
  }
  for (const char* bad :
       {"", "vault.corp:8200", "ftp://v", "HTTPS://v", "https://", "https://v/",
        "https://v/v1", "https://v?x", "https://v#x", "https://u:p@v",
        "https://v:", "https://v:0", "https://v:65536", "https://v:8200x",
        "https://[::1", "https://[]", "https://v v", "https://v\n",
        "https://v:8200:1"}) {
    EXPECT_FALSE(fits(bad)) << bad;
  }
}

TEST_F(HttpApiTest, TakesPlainNamespacesOnly) {
  const auto fits = [&](const char* name) {
    return MakeHttpApi({.address = "http://v", .vault_namespace = name},
                       client_)
        .has_value();
  };
  EXPECT_TRUE(fits("a"));
  EXPECT_TRUE(fits("a/b/"));
  for (const char* bad : {"/", "/a", "a//b", "..", "a\r\nB: c", "a b"}) {
    EXPECT_FALSE(fits(bad)) << bad;
  }
}

}  // namespace
}  // namespace claviger::vault

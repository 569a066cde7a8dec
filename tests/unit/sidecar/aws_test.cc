// SPDX-License-Identifier: Apache-2.0
//
// The endpoint that the AWS SDKs know, and who may ask it on TCP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sidecar/api/guard.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

model::Connection Lake(const char* provider = "s3",
                       const char* type = "aws-static") {
  model::Connection lake = AConnection("sales/lake")
                               .Shared(model::SharingMode::kOrganization)
                               .Disclosable()
                               .WithDefault(Kv2("secret", "sales/lake"));
  lake.provider = provider;
  lake.credentials.type = type;
  lake.endpoint = {};
  lake.endpoint.url = "https://s3.corp";
  return lake;
}

class AwsTest : public ::testing::Test {
 protected:
  AwsTest() {
    h_.vault.PutSecret("secret/sales/lake",
                       R"({"access_key_id":"AKIA","secret_access_key":"k/1"})");
  }
  void Begin(const model::Connection& connection) {
    h_.Publish(ObjectsOf({connection}));
    h_.Begin();
  }
  std::shared_ptr<KeptAnswer> Ask() {
    return h_.Get("/v1/connections/sales/lake/aws");
  }
  Harness h_;
};

TEST_F(AwsTest, AnswersAsTheSdksReadIt) {
  Begin(Lake());
  const auto answer = Ask();
  ASSERT_EQ(answer->status(), 200) << answer->body();
  EXPECT_EQ(answer->Json(),
            (json{{"AccessKeyId", "AKIA"},
                  {"SecretAccessKey", "k/1"},
                  {"Token", ""},
                  {"Expiration",
                   FormatRfc3339(h_.clock.Now() + std::chrono::minutes(20))}}));
  EXPECT_TRUE(answer->response->secret);
  h_.vault.PutSecret("secret/sales/lake",
                     R"({"access_key_id":"AKIA","secret_access_key":"k/2",)"
                     R"("session_token":"t"})");
  h_.Advance(std::chrono::minutes(2));
  EXPECT_EQ(Ask()->Json()["SecretAccessKey"], "k/2");
  EXPECT_EQ(Ask()->Json()["Token"], "t");
}

TEST_F(AwsTest, RefusesWhatTheCredentialRouteRefuses) {
  model::Connection hidden = Lake();
  hidden.server_side_only = true;
  Begin(hidden);
  EXPECT_EQ(Ask()->Reason(), "ServerSideOnly");
  EXPECT_EQ(h_.Ask("POST", "/v1/connections/sales/lake/aws")->status(), 405);
}

TEST_F(AwsTest, RefusesOtherTypes) {
  h_.vault.PutSecret("secret/sales/lake", R"({"token":"x"})");
  Begin(Lake("http", "token"));
  EXPECT_EQ(Ask()->status(), 400) << Ask()->body();
  EXPECT_EQ(Ask()->Reason(), "InvalidRequest");
}

TEST(AwsGuardTest, TakesTheFilesContentFromSdksAndNothingLessElsewhere) {
  const sidecar::TcpGuard guard{Secret(std::string("s3cret"))};
  const auto allowed = [&](const char* target, const char* authorization,
                           const char* host = "127.0.0.1:9811",
                           const char* method = "GET") {
    http::ServerRequest request;
    request.method = method;
    request.target = target;
    request.headers = {{"Host", host}, {"Authorization", authorization}};
    return !guard.Check(request).has_value();
  };
  constexpr const char* kAws = "/v1/connections/sales/lake/aws";
  EXPECT_TRUE(allowed(kAws, "s3cret"));
  EXPECT_FALSE(allowed(kAws, "s3cre"));
  EXPECT_FALSE(allowed(kAws, ""));
  EXPECT_FALSE(allowed(kAws, "Bearer s3cret"));  // needs the other header
  EXPECT_FALSE(allowed(kAws, "s3cret", "evil.example"));
  EXPECT_FALSE(allowed(kAws, "s3cret", "127.0.0.1", "POST"));
  for (const char* other :
       {"/v1/connections/sales/lake/credential", "/v1/connections",
        "/v1/connections/sales/lake/http/aws",
        "/v1/connections/sales/lake/aws/", "/v1/connections/aws",
        "/v1/connections/sales/lake/aws?slot=default"}) {
    EXPECT_FALSE(allowed(other, "s3cret")) << other;
  }
}

}  // namespace
}  // namespace claviger::testing

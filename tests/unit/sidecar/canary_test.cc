// SPDX-License-Identifier: Apache-2.0
//
// A secret, a token or a user's token appears in nothing but the credential
// answer: not in logs at debug, problems, explanations, lists, events, metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"
#include "unit/sidecar/probe/played_probe.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kBase = "/v1/connections/sales/warehouse";

class CanaryTest : public ::testing::Test {
 protected:
  CanaryTest() {
    h.core.SetProbe(played);
    h.jwt = std::string("canary-5f3a-pod-jwt");
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"canary-5f3a-user",)"
                      R"("password":"canary-5f3a-password",)"
                      R"("other":{"deep":"canary-5f3a-deep"}})");
    h.Publish(ObjectsOf({Warehouse()}), true);
  }

  void AskEverything() {
    const std::string user =
        JwtOf({{"sub", "alice"}, {"canary", Harness::kCanary}});
    for (const char* route :
         {"", "/credential", "/explain", "/explain?deliver=disclose",
          "/credential?slot=grant/none", "/personal", "/http/x", "/nothing"}) {
      for (const char* method : {"GET", "POST", "PUT", "DELETE"}) {
        h.Ask(method, kBase + std::string(route));
        h.Ask(method, kBase + std::string(route),
              {{"X-Claviger-User-Token", user}});
      }
    }
    h.Get("/v1/connections");
    h.Get("/v1/connections", {{"X-Claviger-User-Token", user}});
    h.Get("/v1/connections",
          {{"X-Claviger-User-Token", "canary-5f3a.not.jwt"}});
    h.Get("/v1/connections?" + std::string(Harness::kCanary));
    h.Get("/v1/watch");
    h.Post(kBase + std::string("/report-failed"));
    h.Post(kBase + std::string("/test"));
  }
  void ExpectSilence() {
    EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
    EXPECT_THAT(h.Said(), Not(HasSubstr("s.token-")));
    for (const char* page : {"/metrics", "/readyz", "/healthz"}) {
      EXPECT_THAT(h.Health(page).body, Not(HasSubstr(Harness::kCanary)));
    }
  }

  PlayedProbe played;
  Harness h;
};

TEST_F(CanaryTest, IsOnlyInTheCredentialAnswer) {
  h.Begin();
  AskEverything();
  EXPECT_THAT(h.Credential("sales/warehouse")->body(),
              HasSubstr("canary-5f3a-password"));
  ExpectSilence();
}

TEST_F(CanaryTest, IsNowhereWhenThingsGoWrong) {
  h.Begin();
  AskEverything();
  for (const ErrorCode code :
       {ErrorCode::kUnavailable, ErrorCode::kMalformed, ErrorCode::kNotFound,
        ErrorCode::kPermissionDenied, ErrorCode::kInternal}) {
    h.vault.FailWith(code);
    h.Advance(std::chrono::minutes(2));
    AskEverything();
  }
  h.vault.FailWith(std::nullopt);
  h.vault.RevokeAllTokens();
  h.Advance(std::chrono::minutes(10));
  AskEverything();
  h.vault.PutSecret("secret/sales/warehouse",
                    R"({"username":"canary-5f3a-user"})");
  h.Advance(std::chrono::minutes(2));
  AskEverything();
  h.vault.PutSecret("secret/sales/warehouse",
                    R"({"username":["canary-5f3a-list"],"password":"p"})");
  h.Advance(std::chrono::minutes(2));
  AskEverything();
  ExpectSilence();
}

TEST_F(CanaryTest, MetricsHaveNoLabelThatAnybodyCanWrite) {
  h.Begin();
  AskEverything();
  const std::string metrics = h.Health("/metrics").body;
  EXPECT_THAT(metrics, Not(HasSubstr("warehouse")));
  EXPECT_THAT(metrics, Not(HasSubstr("alice")));
  EXPECT_THAT(metrics, Not(HasSubstr("nightly")));
  EXPECT_THAT(metrics, HasSubstr("claviger_sidecar_requests_total{route="
                                 "\"credential\",status=\"2xx\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("claviger_sidecar_logins_total"));
}

}  // namespace
}  // namespace claviger::testing

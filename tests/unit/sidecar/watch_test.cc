// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/watch and POST report-failed: who is told what, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr const char* kRotated =
    R"(rotated {"connection":"sales/warehouse","slot":"default"})";
constexpr const char* kRevoked =
    R"(revoked {"connection":"sales/warehouse","slot":"default"})";
constexpr const char* kReport = "/v1/connections/sales/warehouse/report-failed";
constexpr const char* kPath = "secret/data/sales/warehouse";

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"pw-1"})");
  }
  void Serve(model::Objects objects) {
    h.Publish(std::move(objects));
    h.Begin();
    h.Credential("sales/warehouse");
    stream = h.Get("/v1/watch")->events;
    stream->events.clear();
  }
  AGrant Use() {
    AGrant grant("sales/g", "warehouse");
    grant.To(Account("reports/nightly")).Allowing({Privilege::kUse});
    return grant;
  }
  static AConnection Own() {
    AConnection connection("sales/warehouse");
    connection.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
    return connection;
  }
  void Rotate() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"pw-2"})");
  }

  Harness h;
  std::shared_ptr<KeptEvents> stream;
};

TEST_F(WatchTest, BeginsWithTheGeneration) {
  h.Publish(ObjectsOf({Warehouse()}));
  h.Begin();
  EXPECT_THAT(h.Get("/v1/watch")->events->events,
              ElementsAre(R"(generation {"generation":2})"));
}

TEST_F(WatchTest, TellsOfNewBindings) {
  Serve(ObjectsOf({Warehouse()}));
  h.Publish(
      ObjectsOf({Warehouse(), AConnection("sales/other")
                                  .Shared(model::SharingMode::kOrganization)
                                  .WithDefault(Kv2("secret", "sales/o"))}));
  h.NextCheck();
  EXPECT_THAT(stream->events, ElementsAre(R"(generation {"generation":3})"));
}

TEST_F(WatchTest, TellsOfARotatedSecret) {
  Serve(ObjectsOf({Warehouse()}));
  Rotate();
  h.Advance(seconds(75));
  EXPECT_THAT(stream->events, ElementsAre(kRotated));
}

TEST_F(WatchTest, TellsOfALostGrant) {
  Serve(ObjectsOf({Own()}, {Use()}));
  h.Publish(ObjectsOf({Own()}));
  h.NextCheck();
  EXPECT_THAT(stream->events, Contains(kRevoked));
}

TEST_F(WatchTest, TellsOfAWindowThatEndsWhileVaultIsAway) {
  Serve(ObjectsOf({Own()}, {Use().Until(h.clock.Now() + minutes(10))}));
  h.vault.FailWith(ErrorCode::kUnavailable);
  h.Advance(minutes(9));
  EXPECT_THAT(stream->events, ElementsAre());
  h.Advance(minutes(1));
  EXPECT_THAT(stream->events, ElementsAre(kRevoked));
}

TEST_F(WatchTest, TellsOfASecretThatIsGone) {
  Serve(ObjectsOf({Warehouse()}));
  h.vault.RemoveSecret("secret/sales/warehouse");
  h.Advance(seconds(75));
  EXPECT_THAT(stream->events, ElementsAre(kRevoked));
}

TEST_F(WatchTest, TellsOfANearerSlot) {
  Serve(ObjectsOf({Warehouse().WithMode(model::CredentialMode::kLayered)}));
  h.Publish(ObjectsOf({Warehouse().WithMode(model::CredentialMode::kLayered)},
                      {AGrant("sales/g", "warehouse")
                           .To(Account("reports/nightly"))
                           .WithCredential(Kv2("secret", "sales/own"))}));
  h.NextCheck();
  EXPECT_THAT(stream->events,
              Contains(R"(rotated {"connection":"sales/warehouse",)"
                       R"("slot":"grant/g"})"));
}

TEST_F(WatchTest, ForgetsClientsThatAreGone) {
  Serve(ObjectsOf({Warehouse()}));
  stream->closed = true;
  Rotate();
  h.Advance(seconds(75));
  EXPECT_THAT(h.Health("/metrics").body,
              ::testing::HasSubstr("claviger_sidecar_watchers 0"));
}

TEST_F(WatchTest, DroppedCredentialsAreNotReadAnyMore) {
  Serve(ObjectsOf({Own()}, {Use()}));
  h.Publish(ObjectsOf({Own()}));
  h.NextCheck();
  const int reads = h.vault.reads(kPath);
  h.Advance(minutes(5));
  h.Advance(minutes(5));
  EXPECT_EQ(h.vault.reads(kPath), reads);
  EXPECT_THAT(h.Health("/metrics").body,
              ::testing::HasSubstr("claviger_sidecar_credentials_fresh 0"));
}

TEST_F(WatchTest, ReportFailedFetchesAnewAndTellsHowItEnded) {
  Serve(ObjectsOf({Warehouse()}));
  const auto same = h.Post(kReport);
  EXPECT_EQ(same->status(), 200);
  EXPECT_EQ(same->Json(),
            (nlohmann::json{{"connection", "sales/warehouse"},
                            {"slot", "default"},
                            {"outcome", "Unchanged"},
                            {"decisionId", h.decisions.Last()["decisionId"]}}));
  EXPECT_EQ(h.vault.reads(kPath), 2);
  Rotate();
  h.Advance(seconds(11));
  EXPECT_EQ(h.Post(kReport)->Json()["outcome"], "Rotated");
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"]["password"],
            "pw-2");
  EXPECT_THAT(stream->events, ElementsAre(kRotated));
}

TEST_F(WatchTest, ReportFailedIsRateLimitedPerConnection) {
  Serve(ObjectsOf({Warehouse()}));
  h.Post(kReport);
  for (int i = 0; i < 50; ++i) {
    const auto answer = h.Post(kReport);
    ASSERT_EQ(answer->status(), 429);
    EXPECT_EQ(answer->Reason(), "RateLimited");
    EXPECT_EQ(answer->Header("Retry-After"), "10");
  }
  EXPECT_EQ(h.vault.reads(kPath), 2);
  h.Advance(seconds(10));
  EXPECT_EQ(h.Post(kReport)->status(), 200);
}

TEST_F(WatchTest, ReportFailedWorksForServerSideOnlyConnections) {
  Serve(ObjectsOf({Warehouse().ServerSideOnly(true)}));
  EXPECT_EQ(h.Post(kReport)->Json()["outcome"], "Unchanged");
}

TEST_F(WatchTest, ReportFailedWhileVaultIsAwayKeepsWhatThereIs) {
  Serve(ObjectsOf({Warehouse()}));
  h.vault.FailWith(ErrorCode::kUnavailable);
  const auto answer = h.Post(kReport);
  EXPECT_EQ(answer->status(), 503);
  EXPECT_EQ(answer->Reason(), "BackendUnavailable");
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
}

TEST_F(WatchTest, ReportFailedOfWhatMayNotBeUsedIsRefused) {
  Serve(ObjectsOf({Own()}, {Use().Denying({Privilege::kUse})}));
  EXPECT_EQ(h.Post(kReport)->status(), 404);
  EXPECT_EQ(h.vault.reads(kPath), 0);
}

}  // namespace
}  // namespace claviger::testing

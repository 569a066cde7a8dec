// SPDX-License-Identifier: Apache-2.0
//
// What a caller is shown: list, connection, explanation, and nothing of what
// it may not see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using model::Privilege;
using ::testing::HasSubstr;
using ::testing::Not;

class ConnectionsTest : public ::testing::Test {
 protected:
  void Serve(model::Objects objects) {
    h.Publish(std::move(objects));
    h.Begin();
  }
  nlohmann::json Show(const std::string& connection) {
    return h.Get("/v1/connections/" + connection)->Json();
  }

  Harness h;
};

TEST_F(ConnectionsTest, ListHoldsWhatMayBeSeenAndNoSecretPlace) {
  Serve(ObjectsOf(
      {Warehouse(),
       AConnection("sales/hidden").WithDefault(Kv2("secret", "sales/hidden"))},
      {AGrant("sales/g", "hidden")
           .To(Account("other/one"))
           .Allowing({Privilege::kUse})}));
  const auto answer = h.Get("/v1/connections");
  ASSERT_EQ(answer->status(), 200);
  const nlohmann::json body = answer->Json();
  EXPECT_EQ(body["caller"], "sa/reports/nightly");
  ASSERT_EQ(body["connections"].size(), 1U);
  const nlohmann::json& one = body["connections"][0];
  EXPECT_EQ(one["connection"], "sales/warehouse");
  EXPECT_EQ(one["slot"], "default");
  EXPECT_EQ(one["delivery"]["inject"]["allowed"], true);
  EXPECT_FALSE(one.contains("endpoint"));
}

TEST_F(ConnectionsTest, ConnectionTellsWhereItIsAndHowItMayBeUsed) {
  Serve(ObjectsOf({Warehouse().ServerSideOnly(true)}));
  const nlohmann::json body = Show("sales/warehouse");
  EXPECT_EQ(body["provider"], "postgresql");
  EXPECT_EQ(body["type"], "password");
  EXPECT_EQ(body["mode"], "Global");
  EXPECT_FALSE(body["endpoint"]["host"].get<std::string>().empty());
  EXPECT_EQ(body["delivery"]["inject"]["allowed"], true);
  EXPECT_EQ(body["delivery"]["disclose"]["allowed"], false);
  EXPECT_EQ(body["delivery"]["disclose"]["reason"], "ServerSideOnly");
  EXPECT_EQ(body["delivery"]["disclose"]["status"], 403);
  EXPECT_EQ(body["slot"], "default");
  EXPECT_TRUE(body["expiresAt"].is_null());
  EXPECT_EQ(body["cachePartition"].get<std::string>().size(), 32U);
}

TEST_F(ConnectionsTest, ConnectionThatMayOnlyBeSeenIsShownWithTheReason) {
  AConnection connection("sales/warehouse");
  connection.WithDefault(Kv2("secret", "sales/warehouse"));
  Serve(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                     .To(Account("reports/nightly"))
                                     .Allowing({Privilege::kView})}));
  const nlohmann::json body = Show("sales/warehouse");
  EXPECT_EQ(body["delivery"]["inject"]["reason"], "Forbidden");
  EXPECT_TRUE(body["slot"].is_null());
  EXPECT_TRUE(body["cachePartition"].is_null());
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "Forbidden");
}

TEST_F(ConnectionsTest, AmbiguousCredentialNamesTheSlots) {
  AConnection connection("sales/warehouse");
  connection.Shared(model::SharingMode::kOrganization)
      .Disclosable()
      .WithMode(model::CredentialMode::kLayered);
  Serve(
      ObjectsOf({connection}, {AGrant("sales/a", "warehouse")
                                   .To(Account("reports/nightly"))
                                   .WithCredential(Kv2("secret", "sales/a")),
                               AGrant("sales/b", "warehouse")
                                   .To(Account("reports/nightly"))
                                   .WithCredential(Kv2("secret", "sales/b"))}));
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 409);
  EXPECT_EQ(answer->Json()["slots"], (nlohmann::json{"grant/a", "grant/b"}));
  EXPECT_EQ(answer->Json()["status"], 409);
  EXPECT_THAT(answer->Json()["type"].get<std::string>(),
              HasSubstr("AmbiguousCredential"));
  EXPECT_EQ(h.Credential("sales/warehouse", "?slot=grant%2Fa")->Reason(),
            "SecretMissing");  // chosen, but there is nothing in Vault
}

// Each decision has an id of its own, whatever it says.
std::string WithoutId(std::string body) {
  const size_t at = body.find(",\"decisionId\":\"");
  return at == std::string::npos
             ? body
             : body.erase(at, body.find('"', at + 15) + 1 - at);
}

TEST_F(ConnectionsTest, InvisibleAndAbsentAreTheSameToTheByte) {
  AConnection gated("sales/gated");
  gated.Shared(model::SharingMode::kOrganization)
      .Disclosable()
      .ForWorkload("elsewhere")
      .WithDefault(Kv2("secret", "sales/gated"));
  AConnection hidden("sales/hidden");
  hidden.WithDefault(Kv2("secret", "sales/hidden"));
  // A Deny puts the hidden one into the caller's own document.
  Serve(ObjectsOf({gated, hidden}, {AGrant("sales/d", "hidden")
                                        .To(Account("reports/nightly"))
                                        .Denying({Privilege::kUse})}));
  for (const char* route : {"", "/credential", "/credential?slot=default"}) {
    const auto ask = [&](const std::string& name) {
      const auto answer = h.Get("/v1/connections/sales/" + name + route);
      std::string all =
          std::to_string(answer->status()) + WithoutId(answer->body());
      for (const auto& [key, value] : answer->response->headers) {
        all += key + value;
      }
      return all;
    };
    const std::string absent = ask("nothing");
    EXPECT_THAT(absent, HasSubstr("NotVisible"));
    EXPECT_EQ(ask("gated"), absent);
    EXPECT_EQ(ask("hidden"), absent);
    EXPECT_EQ(ask("No.Such..Name"), absent);
  }
  EXPECT_EQ(
      WithoutId(h.Post("/v1/connections/sales/hidden/report-failed")->body()),
      WithoutId(h.Post("/v1/connections/sales/nothing/report-failed")->body()));
}

TEST_F(ConnectionsTest, ExplanationOfTheInvisibleIsThatOfTheAbsent) {
  AConnection gated("sales/gated");
  gated.Shared(model::SharingMode::kOrganization)
      .ForWorkload("elsewhere")
      .WithDefault(Kv2("secret", "sales/gated"));
  Serve(ObjectsOf({gated, Warehouse()}));
  std::string absent = h.Get("/v1/connections/sales/other/explain")->body();
  const std::string invisible =
      h.Get("/v1/connections/sales/gated/explain")->body();
  absent.replace(absent.find("sales/other"), 11, "sales/gated");
  EXPECT_EQ(invisible, absent);
  EXPECT_THAT(invisible, Not(HasSubstr("Workload")));
  EXPECT_THAT(invisible, HasSubstr("\"steps\":[]"));
}

TEST_F(ConnectionsTest, ExplanationHasTheDocumentedShape) {
  Serve(ObjectsOf({Warehouse().ServerSideOnly(true)}));
  const nlohmann::json allowed =
      h.Get("/v1/connections/sales/warehouse/explain")->Json();
  EXPECT_EQ(allowed["outcome"], "Allow");
  EXPECT_EQ(allowed["slot"], "default");
  EXPECT_EQ(allowed["delivery"], "inject");
  EXPECT_EQ(allowed["credential"]["path"], "sales/warehouse");
  EXPECT_GE(allowed["steps"].size(), 2U);
  const auto denied =
      h.Get("/v1/connections/sales/warehouse/explain?deliver=disclose");
  EXPECT_EQ(denied->status(), 200);  // an answer is an answer
  EXPECT_EQ(denied->Json()["outcome"], "Deny");
  EXPECT_EQ(denied->Json()["status"], 403);
  EXPECT_EQ(denied->Json()["reason"], "ServerSideOnly");
}

TEST_F(ConnectionsTest, ExplanationFollowsTheSlotHint) {
  Serve(ObjectsOf({Warehouse()}));
  EXPECT_EQ(h.Get("/v1/connections/sales/warehouse/explain?slot=grant/x")
                ->Json()["reason"],
            "NotEligible");
}

TEST_F(ConnectionsTest, WindowsOpenOnTimeWithoutAWordFromVault) {
  AConnection connection("sales/warehouse");
  connection.WithDefault(Kv2("secret", "sales/warehouse"));
  Serve(ObjectsOf({connection},
                  {AGrant("sales/g", "warehouse")
                       .To(Account("reports/nightly"))
                       .Allowing({Privilege::kUse})
                       .From(h.clock.Now() + std::chrono::minutes(10))}));
  h.vault.FailWith(ErrorCode::kUnavailable);
  EXPECT_EQ(h.Get("/v1/connections/sales/warehouse")->status(), 404);
  h.Advance(std::chrono::minutes(10));
  EXPECT_EQ(Show("sales/warehouse")["slot"], "default");
}

}  // namespace
}  // namespace claviger::testing

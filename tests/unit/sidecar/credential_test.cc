// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/connections/{ns}/{name}/credential over a played Vault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPath = "secret/data/sales/warehouse";

class CredentialTest : public ::testing::Test {
 protected:
  CredentialTest() {
    vault.PutSecret("secret/sales/warehouse",
                    R"({"username":"app","password":"pw-1","extra":"hidden"})");
  }

  void Serve(model::Objects objects) {
    h.Publish(std::move(objects));
    h.Begin();
  }

  Harness h;
  PlayedVault& vault = h.vault;
};

TEST_F(CredentialTest, HoldsExactlyTheDocumentedMembers) {
  Serve(ObjectsOf({Warehouse()}));
  const auto answer = h.Credential("sales/warehouse");
  ASSERT_EQ(answer->status(), 200) << answer->body();
  const nlohmann::json body = answer->Json();
  EXPECT_EQ(body["connection"], "sales/warehouse");
  EXPECT_EQ(body["slot"], "default");
  EXPECT_EQ(body["type"], "password");
  EXPECT_EQ(body["data"],
            (nlohmann::json{{"username", "app"}, {"password", "pw-1"}}));
  EXPECT_TRUE(body["expiresAt"].is_null());
  EXPECT_EQ(body["stale"], false);
  EXPECT_EQ(body["generation"].get<int>(), 2);  // own and everyone's, each v1
  EXPECT_EQ(body["cachePartition"].get<std::string>().size(), 32U);
  EXPECT_EQ(body["decisionId"], h.decisions.Last()["decisionId"]);
  EXPECT_EQ(body.size(), 9U);
  EXPECT_TRUE(answer->response->secret);
  EXPECT_EQ(answer->Header("Cache-Control"), "no-store");
}

TEST_F(CredentialTest, IsReadFromVaultOnceHoweverManyAsk) {
  Serve(ObjectsOf({Warehouse()}));
  std::vector<std::shared_ptr<KeptAnswer>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(
        h.AskOnly("GET", "/v1/connections/sales/warehouse/credential"));
  }
  EXPECT_FALSE(answers[0]->answered());
  h.Work();
  for (const auto& answer : answers) EXPECT_EQ(answer->status(), 200);
  EXPECT_EQ(vault.reads(kPath), 1);
}

TEST_F(CredentialTest, IsServedFromTheCacheAfterwards) {
  Serve(ObjectsOf({Warehouse()}));
  const std::string first = h.Credential("sales/warehouse")->body();
  const auto again =
      h.AskOnly("GET", "/v1/connections/sales/warehouse/credential");
  EXPECT_EQ(again->body(), first);
  EXPECT_EQ(vault.reads(kPath), 1);
}

TEST_F(CredentialTest, FollowsARotationAtTheNextComparison) {
  Serve(ObjectsOf({Warehouse()}));
  h.Credential("sales/warehouse");
  vault.PutSecret("secret/sales/warehouse",
                  R"({"username":"app","password":"pw-2"})");
  h.Advance(std::chrono::seconds(75));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"]["password"],
            "pw-2");
}

TEST_F(CredentialTest, RenamesFieldsByKeysAndTakesNumbersAsText) {
  vault.PutSecret("secret/sales/warehouse", R"({"user":"u","pin":1234})");
  auto ref = Kv2("secret", "sales/warehouse");
  ref.keys = {{"username", "user"}, {"password", "pin"}};
  Serve(ObjectsOf({Warehouse().WithDefault(ref)}));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"],
            (nlohmann::json{{"username", "u"}, {"password", "1234"}}));
}

TEST_F(CredentialTest, OfKvVersion1IsReadWithoutTheDataSegment) {
  vault.PutSecret("old/sales/warehouse",
                  R"({"username":"one","password":"p"})");
  Serve(ObjectsOf({Warehouse().WithDefault(Kv1("old", "sales/warehouse"))}));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"]["username"], "one");
}

TEST_F(CredentialTest, IsRefusedWhereTheSecretMayNotLeave) {
  Serve(ObjectsOf({Warehouse().ServerSideOnly(true)}));
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 403);
  EXPECT_EQ(answer->Reason(), "ServerSideOnly");
  EXPECT_EQ(answer->Header("Content-Type"), "application/problem+json");
  EXPECT_EQ(vault.reads(kPath), 0);  // not even fetched
}

TEST_F(CredentialTest, MissingInVaultSaysSo) {
  vault.RemoveSecret("secret/sales/warehouse");
  Serve(ObjectsOf({Warehouse()}));
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 424);
  EXPECT_EQ(answer->Reason(), "SecretMissing");
}

TEST_F(CredentialTest, WithoutARequiredFieldNamesTheField) {
  vault.PutSecret("secret/sales/warehouse", R"({"username":"canary-user"})");
  Serve(ObjectsOf({Warehouse()}));
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 424);
  EXPECT_EQ(answer->Reason(), "SecretMissing");
  EXPECT_THAT(answer->body(), HasSubstr("password"));
  EXPECT_THAT(answer->body(), Not(HasSubstr("canary-user")));
}

TEST_F(CredentialTest, DeniedByVaultSaysSoWithoutANewLogin) {
  Serve(ObjectsOf({Warehouse()}));
  vault.Deny("claviger.test.everyone.sa", kPath);
  vault.Deny(kPodRole, kPath);
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 424);
  EXPECT_EQ(answer->Reason(), "VaultDenied");
  EXPECT_EQ(vault.logins(), 1);
}

TEST_F(CredentialTest, ErrorsAreNotAskedForAtVaultInALoop) {
  vault.RemoveSecret("secret/sales/warehouse");
  Serve(ObjectsOf({Warehouse()}));
  for (int i = 0; i < 50; ++i) h.Credential("sales/warehouse");
  EXPECT_EQ(vault.reads(kPath), 1);
  vault.PutSecret("secret/sales/warehouse",
                  R"({"username":"a","password":"b"})");
  h.Advance(std::chrono::seconds(3));
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
}

TEST_F(CredentialTest, IsServedStaleWhileVaultIsAway) {
  Serve(ObjectsOf({Warehouse()}));
  h.Credential("sales/warehouse");
  vault.FailWith(ErrorCode::kUnavailable);
  for (int i = 0; i < 40; ++i) h.Advance(std::chrono::minutes(5));
  const auto answer = h.Credential("sales/warehouse");
  ASSERT_EQ(answer->status(), 200);
  EXPECT_EQ(answer->Json()["stale"], true);
  EXPECT_EQ(answer->Json()["data"]["password"], "pw-1");

  vault.FailWith(std::nullopt);
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["stale"], false);
}

TEST_F(CredentialTest, NeverReadIsUnavailableWhileVaultIsAway) {
  Serve(ObjectsOf({Warehouse()}));
  vault.FailWith(ErrorCode::kSealed);
  const auto answer = h.Credential("sales/warehouse");
  EXPECT_EQ(answer->status(), 503);
  EXPECT_EQ(answer->Reason(), "BackendUnavailable");
  EXPECT_EQ(answer->Header("Retry-After"), "1");
}

TEST_F(CredentialTest, GoneInVaultIsNotServedAnyMore) {
  Serve(ObjectsOf({Warehouse()}));
  h.Credential("sales/warehouse");
  vault.RemoveSecret("secret/sales/warehouse");
  h.Advance(std::chrono::seconds(75));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "SecretMissing");
}

TEST_F(CredentialTest, OfALostGrantIsRefusedAtTheNextCheck) {
  AConnection connection("sales/warehouse");
  connection.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
  Serve(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                     .To(Account("reports/nightly"))
                                     .Allowing({model::Privilege::kUse})}));
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  h.Publish(ObjectsOf({connection}));
  h.NextCheck();
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "NotVisible");
}

TEST_F(CredentialTest, OfAGrantLostWhileItIsFetchedIsNotAnswered) {
  AConnection connection("sales/warehouse");
  connection.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
  Serve(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                     .To(Account("reports/nightly"))
                                     .Allowing({model::Privilege::kUse})}));
  // The check comes between the request and the read it waits for.
  const auto answer =
      h.AskOnly("GET", "/v1/connections/sales/warehouse/credential");
  h.Publish(ObjectsOf({connection}));
  h.NextCheck();
  EXPECT_EQ(answer->status(), 404);
  EXPECT_THAT(answer->body(), Not(HasSubstr("pw-1")));
}

TEST_F(CredentialTest, EndsWithItsWindowEvenWithoutVault) {
  AConnection connection("sales/warehouse");
  connection.Disclosable().WithDefault(Kv2("secret", "sales/warehouse"));
  const Time end = h.clock.Now() + std::chrono::minutes(10);
  Serve(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                     .To(Account("reports/nightly"))
                                     .Allowing({model::Privilege::kUse})
                                     .Until(end)}));
  const auto first = h.Credential("sales/warehouse");
  EXPECT_EQ(first->Json()["expiresAt"], FormatRfc3339(end));
  vault.FailWith(ErrorCode::kUnavailable);
  h.Advance(std::chrono::minutes(9));
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
  h.Advance(std::chrono::minutes(1));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "NotVisible");
}

TEST_F(CredentialTest, FallsToTheNextSlotOnlyWhereTheConnectionSaysSo) {
  model::Connection connection =
      Warehouse().WithMode(model::CredentialMode::kLayered);
  const std::vector<model::Grant> grants = {
      AGrant("sales/g", "warehouse")
          .To(Account("reports/nightly"))
          .WithCredential(Kv2("secret", "sales/broken"))};
  Serve(ObjectsOf({connection}, grants));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "SecretMissing");

  connection.credentials.on_secret_failure = model::OnSecretFailure::kNext;
  h.Publish(ObjectsOf({connection}, grants));
  h.NextCheck();
  const auto answer = h.Credential("sales/warehouse");
  ASSERT_EQ(answer->status(), 200) << answer->body();
  EXPECT_EQ(answer->Json()["slot"], "default");
  EXPECT_EQ(answer->Json()["degraded"], true);
  // Whoever asks for a slot by name gets that one or none.
  EXPECT_EQ(h.Credential("sales/warehouse", "?slot=grant/g")->Reason(),
            "SecretMissing");
}

TEST_F(CredentialTest, NeverFallsToAnotherSlotWithPerUser) {
  model::Connection connection =
      Warehouse().WithMode(model::CredentialMode::kPerUser);
  connection.credentials.on_secret_failure = model::OnSecretFailure::kNext;
  Serve(ObjectsOf({connection},
                  {AGrant("sales/a", "warehouse")
                       .To(Account("reports/nightly"))
                       .WithCredential(Kv2("secret", "sales/broken"), 10),
                   AGrant("sales/b", "warehouse")
                       .To(Account("reports/nightly"))
                       .WithCredential(Kv2("secret", "sales/warehouse"))}));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "SecretMissing");
}

TEST_F(CredentialTest, CachePartitionTellsSlotsApartAndIsStable) {
  vault.PutSecret("secret/sales/own", R"({"username":"o","password":"p"})");
  Serve(ObjectsOf({Warehouse().WithMode(model::CredentialMode::kLayered)},
                  {AGrant("sales/g", "warehouse")
                       .To(Account("reports/nightly"))
                       .WithCredential(Kv2("secret", "sales/own"))}));
  const auto own = h.Credential("sales/warehouse")->Json();
  const auto other = h.Credential("sales/warehouse", "?slot=default")->Json();
  EXPECT_EQ(own["slot"], "grant/g");
  EXPECT_EQ(other["slot"], "default");
  EXPECT_NE(own["cachePartition"], other["cachePartition"]);
  EXPECT_EQ(own["cachePartition"],
            h.Get("/v1/connections/sales/warehouse")->Json()["cachePartition"]);
}

}  // namespace
}  // namespace claviger::testing

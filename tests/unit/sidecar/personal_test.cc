// SPDX-License-Identifier: Apache-2.0
//
// .../personal over a played Vault: what a caller keeps of its own, how it is
// served, and when it does not count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/compile.h"
#include "access/snapshot.h"
#include "sidecar/personal/record.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUrl = "/v1/connections/sales/warehouse/personal";
constexpr const char* kMine = R"({"username":"nina","password":"canary-5f3a"})";
constexpr const char* kSlot =
    "claviger/test/personal/sa.reports.nightly/account-1/warehouse-1";

constexpr const char* kSlotPath =
    "claviger/data/test/personal/sa.reports.nightly/account-1/warehouse-1";

AConnection Own(model::CredentialMode mode) {
  AConnection connection = Warehouse();
  return connection.WithMode(mode).WithPersonal(true).Created(Time(),
                                                              "warehouse-1");
}

// Each call has a decision of its own.
nlohmann::json WithoutDecision(const std::shared_ptr<KeptAnswer>& answer) {
  nlohmann::json body = answer->Json();
  body.erase("decisionId");
  return body;
}

class PersonalTest : public ::testing::Test {
 protected:
  PersonalTest() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"pw-1"})");
  }

  void Publish(model::Connection connection, const char* uid = "account-1") {
    model::Objects objects = ObjectsOf({std::move(connection)});
    if (uid != nullptr) objects.account_uids[{"reports", "nightly"}] = uid;
    h.Publish(std::move(objects));
  }
  void Serve(model::Connection connection, const char* uid = "account-1") {
    Publish(std::move(connection), uid);
    h.Begin();
  }
  std::shared_ptr<KeptAnswer> Put(const std::string& body,
                                  Headers headers = {}) {
    return h.Ask("PUT", kUrl, std::move(headers), body);
  }

  // What a sidecar of the same account writes, for the connection as it is.
  void PutAsAnotherPod() {
    model::Objects objects = ObjectsOf({Own(model::CredentialMode::kPerUser)});
    objects.service_accounts.push_back({"reports", "nightly"});
    const access::Snapshot snapshot(std::move(objects), {});
    const access::Compiler compiler(snapshot, false);
    const auto document =
        compiler.Document(access::Principal::EveryoneServiceAccount());
    const Result<Secret> record = sidecar::MakePersonalRecord(
        kMine, *document.bindings.at(0).facts, h.clock.Now(), h.random);
    h.vault.PutSecret(kSlot, std::string(record->Reveal()));
  }

  Harness h;
};

TEST_F(PersonalTest, WhatIsStoredIsServedAtOnce) {
  Serve(Own(model::CredentialMode::kLayered));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "default");
  const auto stored = Put(kMine);
  ASSERT_EQ(stored->status(), 200) << stored->body();
  const auto served = h.Credential("sales/warehouse");
  ASSERT_EQ(served->status(), 200) << served->body();
  EXPECT_EQ(served->Json()["slot"], "personal");
  EXPECT_EQ(served->Json()["data"], nlohmann::json::parse(kMine));
  const auto shown = h.Get("/v1/connections/sales/warehouse");
  EXPECT_EQ(shown->Json()["slot"], "personal");
  EXPECT_EQ(shown->Json()["cachePartition"], served->Json()["cachePartition"]);
}

TEST_F(PersonalTest, TellsWhatIsStoredAndNeverTheSecret) {
  Serve(Own(model::CredentialMode::kPerUser));
  EXPECT_EQ(
      WithoutDecision(h.Get(kUrl)),
      (nlohmann::json{{"connection", "sales/warehouse"}, {"stored", false}}));
  const auto stored = Put(kMine);
  const auto shown = h.Get(kUrl);
  EXPECT_EQ(WithoutDecision(shown), WithoutDecision(stored));
  EXPECT_EQ(shown->Json()["type"], "password");
  EXPECT_EQ(shown->Json()["version"], 1);
  EXPECT_EQ(shown->Json()["counts"], true);
  EXPECT_EQ(shown->Json()["storedAt"], FormatRfc3339(h.clock.Now()));
  EXPECT_EQ(shown->Json()["fingerprint"].get<std::string>().size(), 16U);
  EXPECT_EQ(shown->Json()["tag"],
            "1-" + shown->Json()["fingerprint"].get<std::string>());
  EXPECT_EQ(shown->Header("ETag"), shown->Json()["tag"].dump());
  EXPECT_EQ(shown->Json().size(), 9U);
  EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(PersonalTest, EachCallIsInTheDecisionLogWithItsMethod) {
  Serve(Own(model::CredentialMode::kPerUser));
  const auto stored = Put(kMine);
  EXPECT_EQ(h.decisions.Last()["kind"], "personal");
  EXPECT_EQ(h.decisions.Last()["outcome"], "Allow");
  EXPECT_EQ(h.decisions.Last()["method"], "PUT");
  EXPECT_EQ(h.decisions.Last()["slot"], "personal");
  EXPECT_EQ(h.decisions.Last()["decisionId"], stored->Json()["decisionId"]);
  const auto removed = h.Ask("DELETE", kUrl);
  EXPECT_EQ(h.decisions.Last()["method"], "DELETE");
  EXPECT_EQ(h.decisions.Last()["decisionId"], removed->Json()["decisionId"]);
}

TEST_F(PersonalTest, ARefusalIsInTheDecisionLogWithItsReason) {
  Serve(Own(model::CredentialMode::kGlobal));
  const auto refused = Put(kMine);
  EXPECT_EQ(refused->Reason(), "NotEligible");
  EXPECT_EQ(h.decisions.Last()["kind"], "personal");
  EXPECT_EQ(h.decisions.Last()["outcome"], "Deny");
  EXPECT_EQ(h.decisions.Last()["reason"], "NotEligible");
  EXPECT_EQ(h.decisions.Last()["decisionId"], refused->Json()["decisionId"]);
}

// The same secret, stored twice, must not be recognised by whoever sees both.
TEST_F(PersonalTest, FingerprintIsKeyedAnewEachTime) {
  Serve(Own(model::CredentialMode::kPerUser));
  const auto first = Put(kMine)->Json()["fingerprint"];
  EXPECT_NE(Put(kMine)->Json()["fingerprint"], first);
}

TEST_F(PersonalTest, UnknownMissingAndEmptyKeysAreRefusedByName) {
  Serve(Own(model::CredentialMode::kPerUser));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"username":"n"})", "password"},
      {R"({"username":"n","password":"canary-5f3a","hostname":"x"})",
       "hostname"},
      {R"({"username":"n","password":""})", "password"},
      {R"({"username":"n","password":7})", "password"},
      {R"({"username":"n","password":{"a":"canary-5f3a"}})", "password"},
      {R"({"canary-5f3a":"password"})", "not a plain name"},
      {R"(["canary-5f3a"])", "not an object"},
      {R"({"username":"n","username":"m","password":"p"})", "credential"},
      {"", "credential"}};
  for (const auto& [body, words] : cases) {
    const auto answer = Put(body);
    EXPECT_EQ(answer->status(), 400) << body;
    EXPECT_EQ(answer->Reason(), "InvalidRequest");
    EXPECT_THAT(answer->body(), HasSubstr(words)) << body;
  }
  EXPECT_EQ(h.Get(kUrl)->Json()["stored"], false);
  EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(PersonalTest, ALostRaceIsToldAndChangesNothing) {
  Serve(Own(model::CredentialMode::kPerUser));
  const auto first = Put(kMine, {{"If-None-Match", "*"}});
  ASSERT_EQ(first->status(), 200);
  const auto late =
      Put(R"({"username":"late","password":"p"})", {{"If-None-Match", "*"}});
  EXPECT_EQ(late->status(), 412);
  EXPECT_EQ(late->Reason(), "VersionMoved");
  const Headers on_first = {{"If-Match", first->Header("ETag")}};
  EXPECT_EQ(Put(kMine, on_first)->Json()["version"], 2);
  EXPECT_EQ(Put(kMine, on_first)->status(), 412);
  EXPECT_EQ(h.Get(kUrl)->Json()["version"], 2);
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"]["username"],
            "nina");
}

// Vault counts versions from 1 again once everything was removed.
TEST_F(PersonalTest, AnOldTagNeverMeansWhatWasStoredAfterARemoval) {
  Serve(Own(model::CredentialMode::kPerUser));
  const Headers before = {{"If-Match", Put(kMine)->Header("ETag")}};
  ASSERT_EQ(h.Ask("DELETE", kUrl)->status(), 200);
  EXPECT_EQ(Put(kMine, before)->status(), 412);
  ASSERT_EQ(Put(kMine)->Json()["version"], 1);
  EXPECT_EQ(Put(kMine, before)->status(), 412);
  h.Advance(std::chrono::seconds(10));
  EXPECT_EQ(h.Ask("DELETE", kUrl, before)->status(), 412);
  EXPECT_EQ(h.Get(kUrl)->Json()["stored"], true);
}

TEST_F(PersonalTest, ConditionsThatAreNoneAreRefused) {
  Serve(Own(model::CredentialMode::kPerUser));
  for (const Headers& headers : std::vector<Headers>{
           {{"If-Match", "1"}},
           {{"If-Match", "*"}},
           {{"If-Match", "\"\""}},
           {{"If-Match", "W/\"1-a\""}},
           {{"If-Match", "\"1-a\", \"2-b\""}},
           {{"If-None-Match", "\"1-a\""}},
           {{"If-Match", "\"1-a\""}, {"If-None-Match", "*"}}}) {
    EXPECT_EQ(Put(kMine, headers)->Reason(), "InvalidRequest")
        << headers[0].second;
    EXPECT_EQ(h.Ask("DELETE", kUrl, headers)->Reason(), "InvalidRequest")
        << headers[0].second;
  }
  EXPECT_EQ(h.Ask("DELETE", kUrl, {{"If-None-Match", "*"}})->Reason(),
            "InvalidRequest");
}

TEST_F(PersonalTest, RemovesWhatTheCallIsAboutAndNothingElse) {
  Serve(Own(model::CredentialMode::kPerUser));
  const Headers first = {{"If-Match", Put(kMine)->Header("ETag")}};
  const Headers second = {{"If-Match", Put(kMine)->Header("ETag")}};
  const auto late = h.Ask("DELETE", kUrl, first);
  EXPECT_EQ(late->status(), 412);
  EXPECT_EQ(late->Reason(), "VersionMoved");
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
  EXPECT_EQ(h.Ask("DELETE", kUrl, second)->Json()["stored"], false);
  EXPECT_EQ(h.Ask("DELETE", kUrl, second)->status(), 412);
}

// As `vault kv delete` leaves it: no data, and a version that goes on.
TEST_F(PersonalTest, IsStoredAnewAfterItWasDeletedInVault) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  h.vault.DeleteVersion(kSlot);
  EXPECT_EQ(h.Get(kUrl)->Json()["stored"], false);
  const auto anew = Put(kMine, {{"If-None-Match", "*"}});
  ASSERT_EQ(anew->status(), 200) << anew->body();
  EXPECT_EQ(anew->Json()["version"], 2);
  h.vault.DeleteVersion(kSlot);
  EXPECT_EQ(Put(kMine)->Json()["version"], 3);
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
}

TEST_F(PersonalTest, ChangesAndLooksAreLimitedPerConnection) {
  Serve(Own(model::CredentialMode::kPerUser));
  for (int i = 0; i < 4; ++i) ASSERT_EQ(Put(kMine)->status(), 200);
  ASSERT_EQ(h.Ask("DELETE", kUrl)->status(), 200);
  const int calls = h.vault.calls();
  const auto more = Put(kMine);
  EXPECT_EQ(more->status(), 429);
  EXPECT_EQ(more->Header("Retry-After"), "10");
  EXPECT_EQ(h.Ask("DELETE", kUrl)->Reason(), "RateLimited");
  EXPECT_EQ(h.vault.calls(), calls);
  h.clock.Advance(std::chrono::seconds(10));
  EXPECT_EQ(Put(kMine)->status(), 200);
  EXPECT_EQ(Put(kMine)->status(), 429);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(h.Get(kUrl)->status(), 200);
  EXPECT_EQ(h.Get(kUrl)->Reason(), "RateLimited");
}

TEST_F(PersonalTest, RemovingItIsFollowedAtOnce) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  const auto removed = h.Ask("DELETE", kUrl);
  EXPECT_EQ(removed->status(), 200) << removed->body();
  EXPECT_EQ(removed->Json()["stored"], false);
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "EnrollmentRequired");
  EXPECT_EQ(h.Ask("DELETE", kUrl)->status(), 200);
}

// Whoever edits a Connection must not get what others stored for it.
TEST_F(PersonalTest, IsSentNowhereElseThanItWasStoredFor) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  model::Connection moved = Own(model::CredentialMode::kPerUser);
  moved.endpoint.host = "elsewhere.example";
  Publish(moved);
  h.NextCheck();
  const auto refused = h.Credential("sales/warehouse");
  EXPECT_EQ(refused->Reason(), "EnrollmentRequired");
  EXPECT_THAT(refused->body(), HasSubstr("EndpointChanged"));
  EXPECT_EQ(h.Get(kUrl)->Json()["counts"], false);
  EXPECT_EQ(h.Get(kUrl)->Json()["detail"], "EndpointChanged");
  EXPECT_EQ(h.Get("/v1/connections/sales/warehouse")->Json()["slot"], nullptr);
  EXPECT_EQ(h.Get("/v1/connections/sales/warehouse")->Json()["personal"],
            "EndpointChanged");
  ASSERT_EQ(Put(kMine)->status(), 200);
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
}

TEST_F(PersonalTest, EachPartOfWhereItGoesAndWhoSeesItIsBound) {
  const model::Connection before = Own(model::CredentialMode::kPerUser);
  Serve(before);
  const std::vector<std::function<void(model::Connection&)>> changes = {
      [](auto& c) { c.provider = "mysql"; },
      [](auto& c) { c.endpoint.host = "elsewhere.example"; },
      [](auto& c) { c.endpoint.port = 6432; },
      [](auto& c) { c.endpoint.tls.mode = "disable"; },
      [](auto& c) { c.endpoint.tls.ca_bundle = "another"; },
      [](auto& c) { c.endpoint.tls.server_name = "another"; },
      [](auto& c) { c.server_side_only = true; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    Publish(before);
    h.Advance(std::chrono::seconds(10));
    ASSERT_EQ(Put(kMine)->status(), 200) << i;
    ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200) << i;
    model::Connection after = before;
    changes[i](after);
    Publish(after);
    h.NextCheck();
    const auto refused = h.Credential("sales/warehouse");
    EXPECT_EQ(refused->Reason(), "EnrollmentRequired") << i << refused->body();
    EXPECT_THAT(refused->body(), HasSubstr("EndpointChanged")) << i;
  }
  EXPECT_THAT(h.Said(), Not(HasSubstr(Harness::kCanary)));
}

TEST_F(PersonalTest, AnAccountsSuccessorStartsWithNothing) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  Publish(Own(model::CredentialMode::kPerUser), "account-2");
  h.jwt = JwtOfAccount("account-2");
  h.vault.RevokeAllTokens();
  h.NextCheck();
  EXPECT_EQ(h.Get(kUrl)->Json()["stored"], false);
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "EnrollmentRequired");
}

TEST_F(PersonalTest, WithoutAKnownUidThereIsNoPlaceForIt) {
  Serve(Own(model::CredentialMode::kLayered), nullptr);
  EXPECT_EQ(Put(kMine)->Reason(), "CapabilityMissing");
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "default");
}

TEST_F(PersonalTest, OnlyWhereCallersBringTheirOwn) {
  Serve(Own(model::CredentialMode::kGlobal));
  EXPECT_EQ(Put(kMine)->Reason(), "NotEligible");
  EXPECT_EQ(h.Get(kUrl)->Reason(), "NotEligible");
}

TEST_F(PersonalTest, AnInvisibleConnectionIsNoDifferentFromNone) {
  Serve(Own(model::CredentialMode::kPerUser).ForWorkload("elsewhere"));
  const auto hidden = Put(kMine);
  EXPECT_EQ(hidden->status(), 404);
  const auto none =
      h.Ask("PUT", "/v1/connections/sales/nothing/personal", {}, kMine);
  EXPECT_EQ(hidden->Json()["detail"], none->Json()["detail"]);
}

TEST_F(PersonalTest, UsersCannotStoreYet) {
  Serve(Own(model::CredentialMode::kPerUser));
  EXPECT_EQ(Put(kMine, {{"X-Claviger-User-Token", "t"}})->Reason(),
            "CapabilityMissing");
}

// Not knowing whether there is an own credential is no reason to take another.
TEST_F(PersonalTest, WhileVaultNeverSaidNoSharedOneIsTakenInItsPlace) {
  Serve(Own(model::CredentialMode::kLayered));
  ASSERT_EQ(h.Credential("sales/warehouse", "?slot=default")->status(), 200);
  h.vault.FailPath(kSlotPath, ErrorCode::kUnavailable);
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "BackendUnavailable");
  EXPECT_EQ(h.Credential("sales/warehouse", "?slot=default")->status(), 200);
}

TEST_F(PersonalTest, WhoNeverEnrolledIsServedWhileVaultIsAway) {
  Serve(Own(model::CredentialMode::kLayered));
  ASSERT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "default");
  h.vault.FailWith(ErrorCode::kUnavailable);
  for (int minute = 0; minute < 30; ++minute) {
    h.Advance(std::chrono::minutes(1));
    const auto served = h.Credential("sales/warehouse");
    ASSERT_EQ(served->status(), 200) << minute << served->body();
    EXPECT_EQ(served->Json()["slot"], "default");
  }
  // Another pod stores one in the moment Vault is back.
  h.vault.FailWith(std::nullopt);
  PutAsAnotherPod();
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "personal");
}

TEST_F(PersonalTest, ThatNothingIsStoredIsAskedOncePerComparison) {
  Serve(Own(model::CredentialMode::kLayered));
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
    h.Advance(std::chrono::seconds(10));
  }
  EXPECT_LE(h.vault.reads(kSlotPath), 13);
}

// Only its own path fails; what is served meanwhile is fresh.
TEST_F(PersonalTest, NotHavingAnyIsBelievedForMaxStaleOnly) {
  model::Connection bounded = Own(model::CredentialMode::kLayered);
  bounded.credentials.max_stale = std::chrono::minutes(10);
  Serve(bounded);
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  h.vault.FailPath(kSlotPath, ErrorCode::kUnavailable);
  for (int i = 0; i < 9; ++i) h.Advance(std::chrono::minutes(1));
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
  for (int i = 0; i < 3; ++i) h.Advance(std::chrono::minutes(1));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "BackendUnavailable");
}

// It is stored, and what this sidecar knew is known to be wrong.
TEST_F(PersonalTest, NothingSharedIsServedOnceOneIsStoredAndCannotBeRead) {
  Serve(Own(model::CredentialMode::kLayered));
  ASSERT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "default");
  int calls = 0;
  h.vault.OnCall([&](const std::string& path) {
    if (path == kSlotPath && ++calls == 3) {
      h.vault.FailPath(kSlotPath, ErrorCode::kUnavailable);
    }
  });
  ASSERT_EQ(Put(kMine)->status(), 200);
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "BackendUnavailable");
  h.vault.OnCall(nullptr);
  h.vault.FailPath(kSlotPath, std::nullopt);
  h.Advance(std::chrono::seconds(40));
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "personal");
}

// The operator has not noticed yet that the account was made anew: the policy
// would open its predecessor's slot.
TEST_F(PersonalTest, AnotherAccountsSlotIsNeitherReadNorWritten) {
  h.jwt = JwtOfAccount("account-2");
  Serve(Own(model::CredentialMode::kPerUser));
  PutAsAnotherPod();
  const std::vector<std::shared_ptr<KeptAnswer>> refused = {
      Put(kMine), h.Get(kUrl), h.Ask("DELETE", kUrl),
      h.Credential("sales/warehouse"),
      h.Credential("sales/warehouse", "?slot=personal")};
  for (const auto& answer : refused) {
    EXPECT_EQ(answer->status(), 409) << answer->body();
    EXPECT_EQ(answer->Reason(), "AnotherAccount");
  }
  EXPECT_EQ(h.vault.reads(kSlotPath), 0);
  Publish(Own(model::CredentialMode::kPerUser), "account-2");
  h.NextCheck();
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "EnrollmentRequired");
  EXPECT_EQ(Put(kMine)->status(), 200);
}

TEST_F(PersonalTest, ATokenThatNamesNoAccountOpensNoSlot) {
  h.jwt = "no-jwt-at-all";
  Serve(Own(model::CredentialMode::kLayered));
  EXPECT_EQ(Put(kMine)->Reason(), "AnotherAccount");
  EXPECT_EQ(h.Credential("sales/warehouse")->Json()["slot"], "default");
}

// The kubelet hands the pod a token of the successor, and the login is renewed.
TEST_F(PersonalTest, ANewTokenOfAnotherAccountClosesTheSlot) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  h.jwt = JwtOfAccount("account-2");
  h.vault.RevokeAllTokens();
  h.NextCheck();
  h.NextCheck();
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "AnotherAccount");
}

TEST_F(PersonalTest, WhatAnotherPodStoresIsNoticed) {
  Serve(Own(model::CredentialMode::kPerUser));
  ASSERT_EQ(Put(kMine)->status(), 200);
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  h.vault.RemoveSecret(kSlot);
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(h.Credential("sales/warehouse")->Reason(), "EnrollmentRequired");
  PutAsAnotherPod();
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(h.Credential("sales/warehouse")->status(), 200);
}

// A list reads nothing, and does not guess.
TEST_F(PersonalTest, ListsSayWhereItIsNotKnownYetWhichSlotItWillBe) {
  Serve(Own(model::CredentialMode::kLayered));
  PutAsAnotherPod();
  const auto listed = [&] {
    return h.Get("/v1/connections")->Json()["connections"][0];
  };
  EXPECT_EQ(listed()["personal"], "Unknown");
  EXPECT_EQ(listed()["slot"], nullptr);
  EXPECT_EQ(listed()["cachePartition"], nullptr);
  EXPECT_EQ(h.vault.reads(kSlotPath), 0);
  const auto shown = h.Get("/v1/connections/sales/warehouse")->Json();
  EXPECT_EQ(shown["personal"], "Stored");
  EXPECT_EQ(shown["slot"], "personal");
  EXPECT_EQ(listed()["slot"], "personal");
  h.vault.RemoveSecret(kSlot);
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(listed()["personal"], "None");
  EXPECT_EQ(listed()["slot"], "default");
}

TEST_F(PersonalTest, WhereCallersBringNoneNothingIsSaidOfIt) {
  Serve(Own(model::CredentialMode::kGlobal));
  EXPECT_FALSE(
      h.Get("/v1/connections/sales/warehouse")->Json().contains("personal"));
}

TEST_F(PersonalTest, WhatCannotBeAskedIsExplainedSo) {
  Serve(Own(model::CredentialMode::kLayered));
  h.vault.FailPath(kSlotPath, ErrorCode::kUnavailable);
  const auto shown = h.Get("/v1/connections/sales/warehouse")->Json();
  EXPECT_EQ(shown["personal"], "Unknown");
  EXPECT_EQ(shown["slot"], nullptr);
  EXPECT_EQ(
      h.Get("/v1/connections/sales/warehouse?slot=default")->Json()["slot"],
      "default");
  const auto explained =
      h.Get("/v1/connections/sales/warehouse/explain")->Json();
  EXPECT_EQ(explained["steps"].back()["step"], "personal");
  EXPECT_THAT(explained["steps"].back()["result"].get<std::string>(),
              HasSubstr("not known"));
}

TEST_F(PersonalTest, WatchersAreToldOfEachChange) {
  Serve(Own(model::CredentialMode::kLayered));
  const auto watch = h.Get("/v1/watch");
  const auto last = [&] { return watch->events->events.back(); };
  const auto event = [](const char* kind, const char* slot) {
    return std::string(kind) + R"( {"connection":"sales/warehouse","slot":")" +
           slot + "\"}";
  };
  // Nobody had asked for it before.
  ASSERT_EQ(Put(kMine)->status(), 200);
  EXPECT_EQ(last(), event("rotated", "personal"));
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  ASSERT_EQ(h.Ask("DELETE", kUrl)->status(), 200);
  EXPECT_EQ(last(), event("rotated", "default"));
  EXPECT_EQ(watch->events->events.size(), 3U);
  PutAsAnotherPod();
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(last(), event("rotated", "personal"));
  EXPECT_EQ(watch->events->events.size(), 4U);
}

TEST_F(PersonalTest, WhoWasRefusedForWantOfOneIsToldOfIt) {
  Serve(Own(model::CredentialMode::kPerUser));
  const auto watch = h.Get("/v1/watch");
  ASSERT_EQ(h.Credential("sales/warehouse")->Reason(), "EnrollmentRequired");
  PutAsAnotherPod();
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(watch->events->events.back(),
            R"(rotated {"connection":"sales/warehouse","slot":"personal"})");
  h.vault.RemoveSecret(kSlot);
  h.Advance(std::chrono::minutes(2));
  EXPECT_EQ(watch->events->events.back(),
            R"(revoked {"connection":"sales/warehouse","slot":"personal"})");
}

}  // namespace
}  // namespace claviger::testing

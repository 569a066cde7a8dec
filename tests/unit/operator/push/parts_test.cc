// SPDX-License-Identifier: Apache-2.0
//
// Who hears what, whose token it is, and what is published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "access/push_document.h"
#include "operator/push/announcing_store.h"
#include "operator/push/hub.h"
#include "operator/push/publication.h"
#include "operator/push/reviewer.h"
#include "operator/push/token_review.h"
#include "operator/vault_store.h"
#include "support/fake_clock.h"
#include "support/fake_vault.h"
#include "unit/operator/push/reviews.h"

namespace claviger::testing {
namespace {

using namespace op::push;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kNightly = "system:serviceaccount:reports:nightly";

class Heard final : public http::EventStream {
 public:
  bool Send(std::string_view event, std::string_view data) override {
    if (gone) return false;
    events.push_back(std::string(event) + " " + std::string(data));
    return true;
  }
  std::vector<std::string> events;
  bool gone = false;
};

class PushHubTest : public ::testing::Test {
 protected:
  std::shared_ptr<Heard> Listen(const std::string& principal) {
    auto stream = std::make_shared<Heard>();
    hub.Add(principal, stream);
    return stream;
  }
  Hub hub;
};

TEST_F(PushHubTest, EachHearsOfItsOwnAndOfWhatConcernsEveryone) {
  hub.Open();
  const auto nightly = Listen("sa.reports.nightly");
  const auto other = Listen("sa.reports.nightly2");
  hub.Announce("sa.reports.nightly");
  hub.Announce("sa.sales.shop");
  hub.Announce("everyone.user");
  EXPECT_THAT(nightly->events, ElementsAre("changed own"));
  EXPECT_THAT(other->events, IsEmpty());
  hub.Announce("everyone.sa");
  EXPECT_THAT(other->events, ElementsAre("changed everyone"));
}

TEST_F(PushHubTest, WhoDoesNotKeepUpIsDropped) {
  hub.Open();
  Listen("sa.reports.nightly")->gone = true;
  Listen("sa.reports.nightly");
  EXPECT_EQ(hub.listeners(), 2U);
  hub.Sweep();
  EXPECT_EQ(hub.listeners(), 1U);
}

TEST_F(PushHubTest, TakesNobodyInWhileClosedAndLetsAllGoOnClosing) {
  EXPECT_FALSE(hub.Add("sa.a.b", std::make_shared<Heard>()));
  hub.Open();
  std::weak_ptr<Heard> stream = Listen("sa.a.b");
  EXPECT_FALSE(stream.expired());
  hub.Close();
  EXPECT_TRUE(stream.expired());
  EXPECT_EQ(hub.listeners(), 0U);
}

TEST(TokenReviewTest, OnlyWhatMayBeATokenIsAskedAbout) {
  const Time now(std::chrono::seconds(1'800'000'000));
  EXPECT_TRUE(LooksRight(TokenOf(kNightly), kPushAudience, now));
  EXPECT_FALSE(
      LooksRight(TokenOf(kNightly, "good", "other"), kPushAudience, now));
  EXPECT_FALSE(
      LooksRight(TokenOf(kNightly, "good", kPushAudience, 1'700'000'000),
                 kPushAudience, now));
  for (const char* token : {"", "a", "a.b", "a..c", "a.!.c", "..", "a.e30.c"}) {
    EXPECT_FALSE(LooksRight(token, kPushAudience, now)) << token;
  }
  EXPECT_FALSE(
      LooksRight(TokenOf(std::string(20'000, 'x')), kPushAudience, now));
}

std::string Review(bool authenticated, const std::string& user,
                   const std::string& audience) {
  return nlohmann::json{{"status",
                         {{"authenticated", authenticated},
                          {"user", {{"username", user}}},
                          {"audiences", {audience}}}}}
      .dump();
}

TEST(TokenReviewTest, BelievesServiceAccountsOfThisAudienceOnly) {
  EXPECT_EQ(*PrincipalIn(Review(true, kNightly, kPushAudience), kPushAudience),
            "sa.reports.nightly");
  for (const std::string& review :
       {Review(false, kNightly, kPushAudience),
        Review(true, kNightly, "https://kubernetes.default.svc"),
        Review(true, "alice", kPushAudience),
        Review(true, "system:serviceaccount:reports", kPushAudience),
        Review(true, "system:serviceaccount:a.b:c", kPushAudience),
        Review(true, "system:serviceaccount:a:b:c", kPushAudience),
        std::string(R"({"status":{"authenticated":"true"}})"),
        std::string("{}")}) {
    const auto principal = PrincipalIn(review, kPushAudience);
    ASSERT_FALSE(principal) << review;
    EXPECT_EQ(principal.error().code, ErrorCode::kUnauthenticated) << review;
  }
  EXPECT_EQ(PrincipalIn("[", kPushAudience).error().code,
            ErrorCode::kMalformed);
}

class ReviewerTest : public ::testing::Test {
 protected:
  Result<std::string> Ask(const std::string& token) {
    std::mutex mutex;
    std::condition_variable wake;
    std::optional<Result<std::string>> answer;
    reviewer.Review(Secret(std::string(token)), [&](Result<std::string> who) {
      const std::lock_guard lock(mutex);
      answer = std::move(who);
      wake.notify_one();
    });
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return answer.has_value(); });
    return *std::move(answer);
  }
  static ReviewSettings Settings() {
    ReviewSettings settings;
    settings.audience = kPushAudience;
    settings.burst = 3;
    settings.per_second = 1;
    return settings;
  }
  FakeClock clock;
  NullLogger log;
  Reviews server;
  kube::Client client{server};
  Reviewer reviewer{Settings(), client, clock, log};
};

TEST_F(ReviewerTest, AsksOnceForAMomentWhateverTheAnswer) {
  EXPECT_EQ(*Ask(TokenOf(kNightly)), "sa.reports.nightly");
  EXPECT_EQ(*Ask(TokenOf(kNightly)), "sa.reports.nightly");
  EXPECT_EQ(server.asked, 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Ask(TokenOf(kNightly, "forged")).error().code,
              ErrorCode::kUnauthenticated);
  }
  EXPECT_EQ(server.asked, 2);
  clock.Advance(std::chrono::seconds(61));
  Ask(TokenOf(kNightly));
  EXPECT_EQ(server.asked, 3);
}

TEST_F(ReviewerTest, WhatCannotBeATokenCostsNothing) {
  EXPECT_EQ(Ask("nonsense").error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(server.asked, 0);
}

TEST_F(ReviewerTest, AsksNoFasterThanItsBound) {
  int limited = 0;
  for (int i = 0; i < 50; ++i) {
    const auto who = Ask(TokenOf(kNightly, "forged" + std::to_string(i)));
    limited += who.error().code == ErrorCode::kRateLimited ? 1 : 0;
  }
  EXPECT_EQ(server.asked, 3);
  EXPECT_EQ(limited, 47);
  clock.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(Ask(TokenOf(kNightly)));
}

TEST_F(ReviewerTest, AnOutageIsNotKept) {
  server.failing = true;
  EXPECT_EQ(Ask(TokenOf(kNightly)).error().code, ErrorCode::kUnavailable);
  server.failing = false;
  EXPECT_TRUE(Ask(TokenOf(kNightly)));
}

class PushStoreTest : public ::testing::Test {
 protected:
  FakeVault vault;
  op::FixedToken token{Secret("token")};
  op::VaultStore store{vault, token, "claviger"};
  Hub hub;
};

TEST_F(PushStoreTest, AnnouncesBindingsThatWereWrittenOrRemoved) {
  hub.Open();
  const auto heard = std::make_shared<Heard>();
  hub.Add("sa.reports.nightly", heard);
  AnnouncingStore announcing(store, hub, "prod");
  const std::string path = "prod/bindings/sa.reports.nightly";
  ASSERT_TRUE(announcing.WriteEntry(path, "{}", 0));
  EXPECT_FALSE(announcing.WriteEntry(path, "{}", 0));  // nothing was written
  ASSERT_TRUE(announcing.WriteEntry(path + "/1", "{}", 0));
  ASSERT_TRUE(announcing.WriteEntry("prod/ledger/x", "{}", 0));
  ASSERT_TRUE(announcing.WriteEntry("prod/bindings/sa.reports.night", "{}", 0));
  EXPECT_EQ(heard->events.size(), 2U);
  ASSERT_TRUE(announcing.RemoveEntry(path));
  EXPECT_EQ(heard->events.size(), 3U);
}

TEST_F(PushStoreTest, PublishesWhereChangesAreToldAndNothingTwice) {
  const access::PushDocument document{
      "10.0.3.7:9444", "claviger-webhook.claviger-system.svc", "PEM"};
  Publication publication("prod");
  ASSERT_TRUE(publication.Keep(store, document));
  ASSERT_TRUE(publication.Keep(store, document));
  EXPECT_EQ(vault.writes(), 1);
  const auto stands = access::DecodePush(
      "prod", vault.Secret("claviger/prod/ledger/push").dump());
  ASSERT_TRUE(stands) << stands.error().message;
  EXPECT_EQ(*stands, document);
  // Another leader, at the same place by chance: nothing to write.
  EXPECT_TRUE(Publication("prod").Keep(store, document));
  EXPECT_EQ(vault.writes(), 1);
  EXPECT_TRUE(Publication("prod").Keep(
      store, {"10.0.3.8:9444", document.server_name, "PEM"}));
  EXPECT_EQ(vault.writes(), 2);
}

TEST(PushDocumentTest, IsReadOnlyAsWeWriteIt) {
  EXPECT_EQ(*access::PushAddress("10.0.0.1", 9444), "10.0.0.1:9444");
  EXPECT_EQ(*access::PushAddress("fd00::7", 9444), "[fd00::7]:9444");
  EXPECT_FALSE(access::PushAddress("evil.example", 9444));
  EXPECT_FALSE(access::PushAddress("10.0.0.1", 0));
  const auto read = [](const std::string& address, const std::string& name) {
    return access::DecodePush(
        "prod", access::EncodePush("prod", {address, name, "PEM"}));
  };
  EXPECT_TRUE(read("[fd00::7]:1", "a.b.svc"));
  for (const char* address :
       {"", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536",
        "10.0.0.1:1/x", "evil.example:1", "fd00::7:1", "[10.0.0.1]:1",
        "10.0.0.1:1:2", "10.0.0.1:1 "}) {
    EXPECT_FALSE(read(address, "a.b.svc")) << address;
  }
  EXPECT_FALSE(read("10.0.0.1:1", "a b"));
  EXPECT_FALSE(access::DecodePush(
      "prod", access::EncodePush("dev", {"10.0.0.1:1", "a.b", "PEM"})));
  EXPECT_FALSE(access::DecodePush(
      "prod", access::EncodePush(
                  "prod", {"10.0.0.1:1", "a.b", std::string(70'000, 'x')})));
}

}  // namespace
}  // namespace claviger::testing

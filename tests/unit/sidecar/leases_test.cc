// SPDX-License-Identifier: Apache-2.0
//
// Credentials that end, from the local API to a Vault that keeps books: what is
// handed out always works, and nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kRole = "database/creds/sales.ro";

class LeasesTest : public ::testing::Test {
 protected:
  void Serve(const DynamicRole& role = {}) {
    leases.AddDynamic(kRole, role);
    h.Publish(ObjectsOf({Database()}));
    h.Begin();
  }
  static AConnection Database() {
    return Warehouse().WithDefault(DatabaseRole("database", "sales.ro"));
  }
  std::string User() {
    const auto answer = h.Credential("sales/warehouse");
    if (answer->status() != 200) return answer->Reason();
    return answer->Json()["data"]["username"];
  }
  // In small steps, so that timers are as late as on a busy machine at most.
  void For(std::chrono::milliseconds time, std::chrono::milliseconds step,
           const std::function<void()>& each) {
    for (auto passed = step; passed <= time; passed += step) {
      h.Advance(step);
      each();
    }
  }

  Harness h;
  PlayedLeases& leases = h.vault.leases();
};

TEST_F(LeasesTest, IsRenewedAndStaysTheSame) {
  Serve({hours(1), hours(24), true});
  EXPECT_EQ(User(), "user-1");
  For(hours(10), minutes(1), [&] {
    const std::string user = User();
    EXPECT_EQ(user, "user-1");
    EXPECT_TRUE(leases.Works(user));
  });
  EXPECT_GE(leases.renewed(), 10);
  EXPECT_LE(leases.renewed(), 20);  // at half of its life at the soonest
}

TEST_F(LeasesTest, IsReplacedBeforeItsLongestLifeWithOverlap) {
  Serve({minutes(10), minutes(30), true});
  std::set<std::string> users;
  For(hours(5), seconds(10), [&] {
    const auto answer = h.Credential("sales/warehouse");
    ASSERT_EQ(answer->status(), 200) << answer->body();
    users.insert(answer->Json()["data"]["username"].get<std::string>());
    EXPECT_TRUE(leases.Works(answer->Json()["data"]["username"]));
    const auto ends =
        ParseRfc3339(answer->Json()["expiresAt"].get<std::string>());
    EXPECT_GT(*ends, h.clock.Now());
    EXPECT_LE(leases.live(), 2U);
  });
  EXPECT_GE(users.size(), 10U);
  EXPECT_EQ(leases.renewed_dead(), 0);
  EXPECT_EQ(h.vault.logins(), 1);  // and renewals
}

TEST_F(LeasesTest, WatchersHearOfTheReplacement) {
  Serve({minutes(10), minutes(10), false});
  const auto stream = h.Get("/v1/watch");
  User();
  h.Advance(minutes(8));
  EXPECT_THAT(stream->events->events,
              ::testing::Contains(HasSubstr("rotated")));
}

TEST_F(LeasesTest, ShowsTheSameEndEachTimeAndTheRightOneAfterTheClockWasSet) {
  Serve({hours(1), hours(24), true});
  const auto end = [&] {
    return h.Credential("sales/warehouse")
        ->Json()["expiresAt"]
        .get<std::string>();
  };
  const std::string first = end();
  EXPECT_EQ(first, FormatRfc3339(h.clock.Now() + hours(1)));
  h.Advance(minutes(1));
  EXPECT_EQ(end(), first);
  for (const auto jump : {hours(24), -hours(48)}) {
    h.clock.SetTime(h.clock.Now() + jump);
    EXPECT_EQ(end(), FormatRfc3339(h.clock.Now() + minutes(59)));
    EXPECT_TRUE(leases.Works(User()));
  }
}

TEST_F(LeasesTest, AnOutageIsSurvivedUntilTheLeasesOwnEnd) {
  Serve({hours(1), hours(24), true});
  EXPECT_EQ(User(), "user-1");
  h.vault.FailWith(ErrorCode::kUnavailable);
  For(minutes(59), seconds(30), [&] { EXPECT_EQ(User(), "user-1"); });
  const auto late = h.Credential("sales/warehouse");
  EXPECT_EQ(late->Json()["stale"], true);
  h.Advance(minutes(1));
  const auto over = h.Credential("sales/warehouse");
  EXPECT_EQ(over->status(), 503);
  EXPECT_EQ(over->Reason(), "BackendUnavailable");

  h.vault.FailWith(std::nullopt);
  h.Advance(minutes(3));
  EXPECT_EQ(User(), "user-2");
}

TEST_F(LeasesTest, ANewLoginDropsNothingAndReplacesInTime) {
  h.vault.SetLease(seconds(3'600));
  h.vault.SetMaxLife(seconds(7'200));
  Serve({hours(1), hours(24), true});
  For(hours(12), seconds(30), [&] {
    const std::string user = User();
    EXPECT_TRUE(leases.Works(user)) << user;
    EXPECT_LE(leases.live(), 3U);
  });
  EXPECT_GE(h.vault.logins(), 6);
  EXPECT_LE(h.vault.logins(), 9);
}

TEST_F(LeasesTest, ATokenRevokedInVaultReplacesWhatItLeased) {
  Serve({hours(1), hours(24), true});
  EXPECT_EQ(User(), "user-1");
  h.vault.RevokeAllTokens();
  EXPECT_FALSE(leases.Works("user-1"));
  h.NextCheck();
  EXPECT_EQ(User(), "user-2");
  EXPECT_TRUE(leases.Works("user-2"));
}

TEST_F(LeasesTest, AVaultThatForgotTheLeaseGivesAnotherOne) {
  Serve({hours(1), hours(24), true});
  EXPECT_EQ(User(), "user-1");
  leases.Forget();
  h.Advance(minutes(50));
  EXPECT_EQ(User(), "user-2");
  EXPECT_EQ(leases.renewed_dead(), 1);  // found out, and never again
}

TEST_F(LeasesTest, ALostGrantDropsItAtOnceAndRevokesTheLease) {
  leases.AddDynamic(kRole, {});
  AConnection connection("sales/warehouse");
  connection.Disclosable().WithDefault(DatabaseRole("database", "sales.ro"));
  h.Publish(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                         .To(Account("reports/nightly"))
                                         .Allowing({model::Privilege::kUse})}));
  h.Begin();
  EXPECT_EQ(User(), "user-1");
  const auto stream = h.Get("/v1/watch");
  h.Publish(ObjectsOf({connection}));
  h.NextCheck();
  EXPECT_EQ(User(), "NotVisible");
  EXPECT_EQ(leases.live(), 0U);
  EXPECT_THAT(stream->events->events,
              ::testing::Contains(HasSubstr("revoked")));
}

TEST_F(LeasesTest, ARevocationIsTriedAgainWhileVaultIsAway) {
  leases.AddDynamic(kRole, {});
  AConnection connection("sales/warehouse");
  connection.Disclosable().WithDefault(DatabaseRole("database", "sales.ro"));
  h.Publish(ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                         .To(Account("reports/nightly"))
                                         .Allowing({model::Privilege::kUse})
                                         .Until(h.clock.Now() + minutes(5))}));
  h.Begin();
  EXPECT_EQ(User(), "user-1");
  h.vault.FailWith(ErrorCode::kSealed);
  h.Advance(minutes(6));
  EXPECT_EQ(User(), "NotVisible");
  EXPECT_EQ(leases.live(), 1U);
  h.vault.FailWith(std::nullopt);
  h.Advance(minutes(3));
  EXPECT_EQ(leases.live(), 0U);
}

TEST_F(LeasesTest, ARevocationIsTriedAgainWhateverVaultAnswersFirst) {
  for (const ErrorCode code :
       {ErrorCode::kPermissionDenied, ErrorCode::kNotFound,
        ErrorCode::kMalformed, ErrorCode::kInternal}) {
    Harness pod;
    PlayedLeases& books = pod.vault.leases();
    books.AddDynamic(kRole, {});
    pod.Publish(ObjectsOf({Database()}));
    pod.Begin();
    EXPECT_EQ(pod.Credential("sales/warehouse")->status(), 200);
    pod.vault.FailPath("sys/leases/revoke", code);
    pod.Publish({});
    pod.NextCheck();
    EXPECT_EQ(books.live(), 1U);
    pod.vault.FailPath("sys/leases/revoke", std::nullopt);
    pod.Advance(minutes(1));
    EXPECT_EQ(books.live(), 0U) << ToString(code);
    EXPECT_EQ(pod.vault.logins(), 1);
  }
}

TEST_F(LeasesTest, NothingIsLeftAfterTheEnd) {
  h.vault.SetMaxLife(seconds(5'400));
  Serve({hours(1), hours(24), true});
  For(hours(2), minutes(1), [&] { User(); });
  EXPECT_GE(h.vault.logins(), 2);
  EXPECT_GE(leases.live(), 1U);
  h.core.End();
  EXPECT_EQ(leases.live(), 0U);
  EXPECT_EQ(h.vault.live_tokens(), 0U);
}

TEST_F(LeasesTest, TheEndRevokesEvenWhereVaultWasAwayAMomentAgo) {
  Serve();
  User();
  h.vault.FailWith(ErrorCode::kUnavailable);
  h.NextCheck();
  h.vault.FailWith(std::nullopt);
  h.core.End();
  EXPECT_EQ(leases.live(), 0U);
}

TEST_F(LeasesTest, AReportedOneIsReplacedAndItsLeaseRevoked) {
  Serve();
  EXPECT_EQ(User(), "user-1");
  const auto report = h.Post("/v1/connections/sales/warehouse/report-failed");
  EXPECT_EQ(report->Json()["outcome"], "Rotated");
  EXPECT_EQ(User(), "user-2");
  h.Work();
  EXPECT_FALSE(leases.Works("user-1"));
  EXPECT_EQ(leases.live(), 1U);
}

TEST_F(LeasesTest, AStaticRoleIsNeverServedPastItsRotation) {
  const std::string path = "database/static-creds/app";
  leases.AddStatic(path, minutes(10));
  model::VaultRef ref = DatabaseRole("database", "app");
  ref.engine = model::Engine::kDatabaseStatic;
  h.Publish(ObjectsOf({Warehouse().WithDefault(ref)}));
  h.Begin();
  const auto began = h.clock.SteadyNow();
  For(hours(2), seconds(1), [&] {
    const auto turn = (h.clock.SteadyNow() - began) / minutes(10);
    EXPECT_EQ(h.Credential("sales/warehouse")->Json()["data"]["password"],
              "pw-" + std::to_string(turn));
  });
  EXPECT_LE(h.vault.reads(path), 30);  // 12 rotations, rounded seconds
}

TEST(GivenTokenTest, AtTheEndItLivesOnAndTheLeasesReadWithItDoNot) {
  sidecar::Settings settings = Harness::DefaultSettings();
  settings.vault.login = sidecar::LoginKind::kToken;
  Harness h(settings);
  h.jwt = "given";
  h.vault.leases().AddDynamic(kRole, {});
  h.Publish(ObjectsOf(
      {Warehouse().WithDefault(DatabaseRole("database", "sales.ro"))}));
  h.vault.AddToken("given", kPodRole);
  h.Begin();
  ASSERT_EQ(h.Credential("sales/warehouse")->status(), 200);
  ASSERT_EQ(h.vault.leases().live(), 1U);
  h.core.End();
  EXPECT_EQ(h.vault.leases().live(), 0U);
  EXPECT_EQ(h.vault.live_tokens(), 1U);
}

}  // namespace
}  // namespace claviger::testing

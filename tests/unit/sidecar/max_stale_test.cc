// SPDX-License-Identifier: Apache-2.0
//
// maxStale of a Connection: for how long a credential is served that Vault
// cannot be asked about, and what is answered then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kPath = "secret/data/sales/warehouse";

class MaxStaleTest : public ::testing::Test {
 protected:
  MaxStaleTest() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"pw"})");
  }
  void Serve(const model::VaultRef& ref,
             std::optional<seconds> bound = minutes(10)) {
    model::Connection connection = Warehouse().WithDefault(ref);
    connection.credentials.max_stale = bound;
    h.Publish(ObjectsOf({connection}));
    h.Begin();
    ASSERT_EQ(Ask()->status(), 200);
  }
  std::shared_ptr<KeptAnswer> Ask() { return h.Credential("sales/warehouse"); }
  // When it is refused first, in steps of a second from now on; zero: never.
  seconds RefusedAfter(seconds watched) {
    for (seconds passed(1); passed <= watched; ++passed) {
      h.Advance(seconds(1));
      if (Ask()->status() != 200) return passed;
    }
    return seconds(0);
  }

  Harness h;
};

TEST_F(MaxStaleTest, IsServedForThatLongAndThenUnavailable) {
  Serve(Kv2("secret", "sales/warehouse"));
  h.vault.FailWith(ErrorCode::kUnavailable);
  const seconds refused = RefusedAfter(minutes(20));
  // From the first check of the bindings that failed.
  EXPECT_GT(refused, minutes(10));
  EXPECT_LE(refused, minutes(10) + seconds(8));
  const auto answer = Ask();
  EXPECT_EQ(answer->status(), 503);
  EXPECT_EQ(answer->Reason(), "BackendUnavailable");
  EXPECT_THAT(answer->body(), HasSubstr("maxStale"));
  EXPECT_EQ(answer->Header("Retry-After"), "1");

  h.vault.FailWith(std::nullopt);
  h.Advance(minutes(1));
  EXPECT_EQ(Ask()->status(), 200);
}

TEST_F(MaxStaleTest, WithoutItAnOutageOfHoursIsServedThrough) {
  Serve(Kv2("secret", "sales/warehouse"), std::nullopt);
  h.vault.FailWith(ErrorCode::kUnavailable);
  h.Advance(hours(30));
  EXPECT_EQ(Ask()->Json()["stale"], true);
}

TEST_F(MaxStaleTest, CountsForOneCredentialThatAloneCannotBeRead) {
  Serve(Kv2("secret", "sales/warehouse"));
  h.vault.FailPath(kPath, ErrorCode::kUnavailable);
  const seconds refused = RefusedAfter(minutes(20));
  EXPECT_GT(refused, minutes(10));
  EXPECT_LE(refused, minutes(10) + seconds(75));  // a comparison a minute
  h.vault.FailPath(kPath, std::nullopt);
  h.Advance(minutes(1));
  EXPECT_EQ(Ask()->status(), 200);
}

TEST_F(MaxStaleTest, IsNotUsedUpByALongQuietLife) {
  h.vault.leases().AddDynamic("database/creds/sales.ro",
                              {hours(24), hours(240), true});
  Serve(DatabaseRole("database", "sales.ro"));
  h.Advance(hours(11));  // not renewed before half of its life
  h.vault.FailWith(ErrorCode::kSealed);
  EXPECT_GT(RefusedAfter(minutes(20)), minutes(10));
}

TEST_F(MaxStaleTest, NeverLeadsToAnotherSlot) {
  h.vault.PutSecret("team/sales/own", R"({"username":"o","password":"p"})");
  model::Connection connection =
      Warehouse().WithMode(model::CredentialMode::kLayered);
  connection.credentials.max_stale = minutes(10);
  connection.credentials.on_secret_failure = model::OnSecretFailure::kNext;
  h.Publish(
      ObjectsOf({connection}, {AGrant("sales/g", "warehouse")
                                   .To(Account("reports/nightly"))
                                   .WithCredential(Kv2("team", "sales/own"))}));
  h.Begin();
  EXPECT_EQ(Ask()->Json()["slot"], "grant/g");
  EXPECT_EQ(h.Credential("sales/warehouse", "?slot=default")->status(), 200);
  h.vault.FailPath("team/data/sales/own", ErrorCode::kUnavailable);
  h.Advance(minutes(12));
  h.Advance(minutes(12));
  const auto answer = Ask();
  EXPECT_EQ(answer->Reason(), "BackendUnavailable") << answer->body();
  EXPECT_EQ(h.Credential("sales/warehouse", "?slot=default")->status(), 200);
}

}  // namespace
}  // namespace claviger::testing

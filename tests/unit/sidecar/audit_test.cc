// SPDX-License-Identifier: Apache-2.0
//
// What the log says about who was given what, and who was refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    h.vault.PutSecret("secret/sales/warehouse",
                      R"({"username":"app","password":"pw-1"})");
    AConnection gated("sales/gated");
    gated.Shared(model::SharingMode::kOrganization)
        .Disclosable()
        .ForWorkload("elsewhere")
        .WithDefault(Kv2("secret", "sales/gated"));
    h.Publish(ObjectsOf({Warehouse(), gated}), true);
    h.Begin();
  }
  std::string AliceToken() const {
    const auto exp = std::chrono::duration_cast<std::chrono::seconds>(
        (h.clock.Now() + std::chrono::hours(1)).time_since_epoch());
    return JwtOf({{"sub", "alice"}, {"exp", exp.count()}});
  }
  Harness h;
};

TEST_F(AuditTest, SaysWhoWasGivenWhichSlot) {
  h.Credential("sales/warehouse");
  EXPECT_THAT(h.log.text(),
              HasSubstr("credential given connection=sales/warehouse "
                        "caller=sa/reports/nightly slot=default"));
}

TEST_F(AuditTest, SaysForWhomACallIsMadeAndWhatItsAnswerMayNotTell) {
  const auto answer = h.Get("/v1/connections/sales/gated/credential",
                            {{"X-Claviger-User-Token", AliceToken()}});
  EXPECT_EQ(answer->status(), 404);
  EXPECT_THAT(answer->body(), Not(HasSubstr("orkload")));
  EXPECT_THAT(h.log.text(),
              HasSubstr("credential refused connection=sales/gated "
                        "caller=user/alice carrier=reports/nightly"));
  EXPECT_THAT(h.log.text(), HasSubstr("WorkloadNotAllowed"));
}

TEST_F(AuditTest, DoesNotRepeatWhatIsNoName) {
  h.Get("/v1/connections/sales/evil%0Aline/credential");
  EXPECT_THAT(h.log.text(), HasSubstr("connection=(no name)"));
  EXPECT_THAT(h.log.text(), Not(HasSubstr("evil")));
}

TEST_F(AuditTest, IsBoundedHoweverOftenIsAsked) {
  for (int i = 0; i < 5'000; ++i) h.Credential("sales/nothing");
  const std::string text = h.log.text();
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
  h.Advance(std::chrono::seconds(2));
  h.Credential("sales/nothing");
  EXPECT_THAT(h.log.text(), HasSubstr("audit lines left out count=49"));
}

TEST_F(AuditTest, TwoUsersInOneCallAreRefused) {
  const auto answer =
      h.Get("/v1/connections",
            {{"X-Claviger-User-Token", "a"}, {"x-claviger-user-token", "b"}});
  EXPECT_EQ(answer->status(), 400);
  EXPECT_EQ(answer->Reason(), "InvalidRequest");
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "operator/desired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using access::Principal;
using ::testing::HasSubstr;

class DesiredTest : public ::testing::Test {
 protected:
  Result<op::Desired> Make(const Principal& principal,
                           const std::vector<std::string>& paths = {},
                           const model::Claim* claim = nullptr) {
    return op::MakeDesired(settings_.layout, principal,
                           {IdOf(principal), {}, {}}, paths, claim);
  }
  const op::ReconcilerSettings settings_ = TestSettings();
};

TEST_F(DesiredTest, LedgerHoldsTheDigestsOfTheTexts) {
  const auto desired =
      Make(Principal::ServiceAccount("reports", "nightly"), {"secret/data/x"});
  ASSERT_TRUE(desired);
  EXPECT_EQ(desired->id, "sa.reports.nightly");
  EXPECT_THAT(*desired->policy, HasSubstr("secret/data/x"));
  EXPECT_EQ(desired->role->mount, "claviger");
  EXPECT_EQ(desired->ledger.auth_mount, "claviger");
  EXPECT_EQ(desired->ledger.parts, 1);
  EXPECT_EQ(desired->ledger.policy.size(), 64u);
  EXPECT_EQ(desired->ledger.role.size(), 64u);
}

TEST_F(DesiredTest, EveryoneOfTheServiceAccountsHasNoRole) {
  const auto desired = Make(Principal::EveryoneServiceAccount());
  ASSERT_TRUE(desired);
  EXPECT_FALSE(desired->role);
  EXPECT_EQ(desired->ledger.role, "");
  EXPECT_EQ(desired->ledger.auth_mount, "");
}

TEST_F(DesiredTest, DigestChangesWithWhatIsWritten) {
  const Principal nightly = Principal::ServiceAccount("reports", "nightly");
  const std::string digest = Make(nightly)->Digest();
  EXPECT_EQ(Make(nightly)->Digest(), digest);
  EXPECT_NE(Make(nightly, {"secret/data/x"})->Digest(), digest);
  op::Desired blocked = *Make(nightly);
  blocked.only_if_there = true;
  EXPECT_NE(blocked.Digest(), digest);
  EXPECT_NE(op::KeepRights({"sa.reports.nightly", {}, {}})->Digest(), digest);
}

// Text is what Vault's answer is compared with before anything is parsed.
TEST_F(DesiredTest, EntryTextIsWhatEncodingItGives) {
  const access::EntryStamp stamp{"claviger", "prod", 1};
  const access::EntryLedger ledger{"p", "r", "claviger", "d\"<&>", 2};
  access::BindingsDocument document{"user.\"<&>\u2028\\", {}, {}};
  document.claim_groups = {{"finance", {"gro/ups", "f\u00fcr\n"}}};
  const std::vector<std::string> parts = access::EncodeBindings(document);
  const auto text = op::EntryText(stamp, ledger, parts.front());
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, *access::EncodeEntry(stamp, ledger, parts.front()));
  EXPECT_EQ(access::DecodeEntry(*text)->part, parts.front());
}

TEST_F(DesiredTest, ClaimGroupIsBoundToItsClaim) {
  const model::Claim claim{"groups", "fin-team"};
  const auto desired = Make(Principal::ClaimGroup("finance"), {}, &claim);
  ASSERT_TRUE(desired);
  EXPECT_THAT(desired->role->text, HasSubstr("fin-team"));
  EXPECT_EQ(desired->role->mount, "claviger-users");
}

TEST_F(DesiredTest, PathThatIsNoneIsRefused) {
  for (const char* path : {"secret/data/*", "secret/../sys", "a//b", ""}) {
    const auto desired =
        Make(Principal::ServiceAccount("reports", "nightly"), {path});
    ASSERT_FALSE(desired) << path;
    EXPECT_EQ(desired.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace claviger::testing

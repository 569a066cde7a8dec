// SPDX-License-Identifier: Apache-2.0
//
// A Vault out of a backup that is older than the objects: what is gone since is
// taken away at once, and nothing is ever wider than the backup. Against it,
// objects that are gone without a proof: the brake holds.
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kNightly[] = "sa.reports.nightly";
constexpr char kCloser[] = "sa.finance.closer";

// 20 Connections with a Grant each, and a Deny on the last.
model::Objects Twenty() {
  model::Objects objects = ManyConnections("sales", 20);
  objects.grants.push_back(AGrant("sales/closer", "c19")
                               .To(Account("finance/closer"))
                               .Allowing({model::Privilege::kUse}));
  objects.grants.push_back(AGrant("sales/no", "c18")
                               .To(Account("reports/nightly"))
                               .Denying({model::Privilege::kUse}));
  objects.explains_deletions = true;
  return objects;
}

class OlderVaultTest : public ReconcilerFixture {
 protected:
  static op::ReconcilerSettings Knowing(int64_t epoch) {
    op::ReconcilerSettings settings = TestSettings();
    settings.known_epoch = epoch;
    return settings;
  }
  // Deletes the first `count` Grants in sight of the operator.
  static model::Objects Without(model::Objects objects, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      objects.ended.push_back(
          model::EndedOf("Grant", objects.grants.front().metadata));
      objects.grants.erase(objects.grants.begin());
    }
    return objects;
  }
  static model::Objects Later(model::Objects objects) {
    objects.ended.clear();  // long gone, and so not told of any more
    return objects;
  }
};

TEST_F(OlderVaultTest, WhatWasRevokedSinceIsTakenAwayWithoutAWord) {
  Pass(Twenty());
  const FakeVault backup = vault_;
  const model::Objects now = Without(Twenty(), 15);
  const int64_t epoch = Pass(now).epoch;
  ASSERT_THAT(CredentialPaths(kNightly), SizeIs(4));
  vault_ = backup;
  ASSERT_THAT(CredentialPaths(kNightly), SizeIs(19));

  Restart(Knowing(epoch));
  const op::PassReport report = Pass(Later(now));
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(4));
  EXPECT_THAT(CredentialPaths(kCloser), SizeIs(1));
  EXPECT_GT(report.epoch, epoch);
  // And that was that.
  vault_.ResetCounts();
  EXPECT_EQ(Pass(Later(now)).writes(), 0U);
  EXPECT_EQ(vault_.writes(), 0);
}

TEST_F(OlderVaultTest, TheLeaderThatSawItNeedsNoNote) {
  Pass(Twenty());
  const FakeVault backup = vault_;
  const model::Objects now = Later(Without(Twenty(), 15));
  Pass(Without(Twenty(), 15));
  Pass(now);
  vault_ = backup;
  (*process_)->Suspect(1'000);
  const op::PassReport report = (*process_)->Continue(kNow);
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(4));
}

TEST_F(OlderVaultTest, WithoutTheProofTheBrakeHolds) {
  const int64_t epoch = Pass(Twenty()).epoch;
  model::Objects wiped = Twenty();
  wiped.grants.erase(wiped.grants.begin(), wiped.grants.begin() + 15);
  for (const int64_t known : {int64_t{0}, epoch}) {
    Restart(Knowing(known));
    EXPECT_THAT(Pass(wiped).brakes, SizeIs(1));
    EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
  }
}

// The cluster was wiped first; that somebody then restores Vault is no word of
// his that it was meant.
TEST_F(OlderVaultTest, ABrakeThatIsOnStaysOn) {
  Pass(Twenty());
  const FakeVault backup = vault_;
  model::Objects one_less = Without(Twenty(), 1);
  Pass(one_less);
  model::Objects wiped = Later(one_less);
  wiped.grants.erase(wiped.grants.begin(), wiped.grants.begin() + 14);
  ASSERT_THAT(Pass(wiped).brakes, SizeIs(1));
  vault_ = backup;
  (*process_)->Suspect(1'000);
  EXPECT_THAT((*process_)->Continue(kNow).brakes, SizeIs(1));
  EXPECT_THAT(CredentialPaths(kNightly), Not(IsEmpty()));
}

// Each call on the way may be the last: the next process ends up the same, and
// nobody ever reads more than the backup let them.
TEST_F(OlderVaultTest, DyingOnTheWayNeitherWidensNorForgets) {
  Pass(Twenty());
  const FakeVault backup = vault_;
  const model::Objects now = Without(Twenty(), 15);
  const int64_t epoch = Pass(now).epoch;
  vault_ = backup;
  Restart(Knowing(epoch));
  vault_.ResetCounts();
  Pass(Later(now));
  const int calls = vault_.calls();
  const std::string settled = vault_.Dump();
  for (int i = 0; i < calls; ++i) {
    vault_ = backup;
    const std::vector<std::string> before = CredentialPaths(kNightly);
    Restart(Knowing(epoch));
    vault_.DieAfter(i, FakeVault::Fault::kAfter);
    Pass(Later(now));
    for (const std::string& path : CredentialPaths(kNightly)) {
      EXPECT_THAT(before, Contains(path));
    }
    vault_.Heal();
    Restart(Knowing(epoch));
    EXPECT_THAT(Pass(Later(now)).brakes, IsEmpty()) << "after call " << i;
    EXPECT_THAT(CredentialPaths(kNightly), SizeIs(4)) << "after call " << i;
  }
  EXPECT_FALSE(settled.empty());
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Objects of a source that tells of deletions: those it told of, those that are
// gone without a word, and those that come back out of a backup.
#include "operator/absence.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kNightly[] = "sa.reports.nightly";
constexpr char kCloser[] = "sa.finance.closer";

model::Objects FromCluster(model::Objects objects) {
  objects.explains_deletions = true;
  const auto mark = [](model::Metadata& metadata) {
    metadata.generation = 3;
    if (!metadata.created) metadata.created = kNow;
  };
  for (auto& one : objects.connections) mark(one.metadata);
  for (auto& one : objects.grants) mark(one.metadata);
  for (auto& one : objects.groups) mark(one.metadata);
  return objects;
}

template <typename T>
model::Ended Take(std::vector<T>& from, size_t index, const char* kind) {
  const model::Ended ended = model::EndedOf(kind, from[index].metadata);
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(index));
  return ended;
}

// nightly may use warehouse, which is shared with all; closer is denied it.
model::Objects WithDeny() {
  model::Objects objects = Quickstart();
  objects.connections[0].sharing.mode = model::SharingMode::kOrganization;
  objects.groups = {AGroup("barred").With(Account("finance/closer")),
                    AGroup("plain").With(Account("reports/nightly"))};
  objects.grants.push_back(AGrant("sales/no", "warehouse")
                               .To(InGroup("barred"))
                               .Denying({model::Privilege::kUse}));
  return FromCluster(objects);
}

class AbsenceTest : public ReconcilerFixture {
 protected:
  static op::ReconcilerSettings Confirming(const std::string& code) {
    op::ReconcilerSettings settings = TestSettings();
    settings.safety.confirm = code;
    return settings;
  }
  static op::ReconcilerSettings Strict() {
    op::ReconcilerSettings settings = TestSettings();
    settings.safety.min = 0;
    settings.safety.percent = 0;
    return settings;
  }
  std::string Dump() const { return vault_.Dump(); }
};

TEST_F(AbsenceTest, ADeletionThatWasSeenTakesEffectHoweverMuchItIs) {
  Restart(Strict());
  model::Objects objects = FromCluster(ManyConnections("sales", 20));
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kNightly), SizeIs(20));
  while (!objects.grants.empty()) {
    objects.ended.push_back(Take(objects.grants, 0, "Grant"));
  }
  const op::PassReport report = Pass(objects);
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
}

TEST_F(AbsenceTest, AnExplainedAbsenceStaysExplainedWhenTheSourceForgets) {
  Restart(Strict());
  model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  objects.ended = {Take(objects.grants, 0, "Grant")};
  Pass(objects);
  objects.ended.clear();
  Restart(Strict());
  const op::PassReport report = Pass(objects);
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_EQ(report.writes(), 0U);
}

TEST_F(AbsenceTest, AMissingAllowNarrows) {
  model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kNightly), Contains("secret/data/sales/nightly"));
  objects.grants.erase(objects.grants.begin());
  const op::PassReport report = Pass(objects);
  EXPECT_THAT(report.brakes, IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  ASSERT_THAT(report.missing, SizeIs(1));
  EXPECT_EQ(report.missing[0].ns, "sales");
}

TEST_F(AbsenceTest, AMissingDenyGoesOnHolding) {
  model::Objects objects = WithDeny();
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kCloser), IsEmpty());
  ASSERT_THAT(CredentialPaths("everyone.sa"), IsEmpty());
  objects.grants.pop_back();
  for (int i = 0; i < 3; ++i) {
    const op::PassReport report = Pass(objects);
    EXPECT_THAT(report.missing, SizeIs(1));
    EXPECT_THAT(CredentialPaths(kCloser), IsEmpty());
    EXPECT_THAT(CredentialPaths("everyone.sa"), IsEmpty());
    Restart();
  }
  vault_.ResetCounts();
  EXPECT_EQ(Pass(objects).writes(), 0U);
}

TEST_F(AbsenceTest, AMissingGroupIsStillReachedByDenies) {
  model::Objects objects = WithDeny();
  Pass(objects);
  objects.groups.erase(objects.groups.begin());
  Restart();
  EXPECT_THAT(Pass(objects).missing, SizeIs(1));
  EXPECT_THAT(CredentialPaths(kCloser), IsEmpty());
  // Not even where another of its name has come.
  objects.groups.push_back(AGroup("barred").With(Account("other/app")));
  objects.groups.back().metadata.uid = "another";
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kCloser), IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), Not(IsEmpty()));
}

TEST_F(AbsenceTest, AMissingGroupDoesNotOpenACycle) {
  model::Objects objects = Quickstart();
  objects.groups = {
      AGroup("loop-a").With(Account("finance/closer")).With(InGroup("loop-b")),
      AGroup("loop-b").With(InGroup("loop-a"))};
  objects.grants = {AGrant("sales/loop", "warehouse")
                        .To(InGroup("loop-a"))
                        .Allowing({model::Privilege::kUse})};
  objects = FromCluster(objects);
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kCloser), IsEmpty());
  objects.groups.pop_back();
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kCloser), IsEmpty());
}

TEST_F(AbsenceTest, AMissingConnectionKeepsItsPath) {
  model::Objects objects = FromCluster(Quickstart());
  model::Objects thief;
  thief.connections = {AConnection("other/mine")
                           .WithOwner(User("mallory"))
                           .WithDefault(Kv2("secret", "sales/warehouse"))};
  thief.connections[0].metadata.created = After(hours(1));
  thief.grants = {AGrant("other/me", "mine")
                      .To(Account("other/app"))
                      .Allowing({model::Privilege::kUse})};
  Pass(objects);
  Restart();
  thief.explains_deletions = true;
  Pass(thief);
  EXPECT_THAT(CredentialPaths("sa.other.app"), IsEmpty());
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
}

TEST_F(AbsenceTest, APathOfAMissingServerSideOnlySlotStaysSo) {
  model::Objects objects = FromCluster(Quickstart());
  objects.connections.push_back(
      AConnection("sales/open")
          .WithOwner(User("erin"))
          .WithDefault(Kv2("secret", "sales/warehouse"))
          .Disclosable());
  objects.grants.push_back(AGrant("sales/app", "open")
                               .To(Account("other/app"))
                               .Allowing({model::Privilege::kUse}));
  Pass(objects);
  const auto before = Bindings("sa.other.app");
  ASSERT_THAT(before.dump(), HasSubstr("\"serverSideOnly\":true"));
  objects.connections.erase(objects.connections.begin());
  objects.grants.erase(objects.grants.begin(), objects.grants.begin() + 2);
  Restart();
  Pass(objects);
  EXPECT_EQ(Bindings("sa.other.app"), before);
}

TEST_F(AbsenceTest, OneThatIsThereAgainEndsIt) {
  const model::Objects objects = WithDeny();
  Pass(objects);
  const std::string before = Dump();
  model::Objects fewer = objects;
  fewer.grants.pop_back();
  Pass(fewer);
  const op::PassReport report = Pass(objects);
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_EQ(Dump(), before);
}

TEST_F(AbsenceTest, ADeletionSeenAfterwardsEndsIt) {
  model::Objects objects = WithDeny();
  Pass(objects);
  const model::Ended deny = Take(objects.grants, 2, "Grant");
  Pass(objects);
  objects.ended = {deny};
  EXPECT_THAT(Pass(objects).missing, IsEmpty());
  EXPECT_THAT(CredentialPaths("everyone.sa"), Not(IsEmpty()));
}

TEST_F(AbsenceTest, AConfirmedAbsenceIsADeletion) {
  model::Objects objects = WithDeny();
  Pass(objects);
  objects.grants.pop_back();
  const op::PassReport report = Pass(objects);
  Restart(Confirming(report.missing.at(0).confirmation));
  EXPECT_THAT(Pass(objects).missing, IsEmpty());
  EXPECT_THAT(CredentialPaths("everyone.sa"), Not(IsEmpty()));
  Restart();
  EXPECT_EQ(Pass(objects).writes(), 0U);
}

TEST_F(AbsenceTest, ManyMissingTripTheBrakeOnceEach) {
  model::Objects objects = FromCluster(ManyConnections("sales", 20));
  Pass(objects);
  for (int i = 0; i < 8; ++i) {
    objects.connections.pop_back();
    EXPECT_THAT(Pass(objects).brakes, IsEmpty()) << i;
  }
  model::Objects none = FromCluster({});
  EXPECT_THAT(Pass(none).brakes, SizeIs(1));
}

TEST_F(AbsenceTest, UnderTheBrakeASeenDeletionStillTakesEffect) {
  model::Objects objects = FromCluster(ManyConnections("sales", 20));
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kNightly), Contains("secret/data/sales/c19"));
  objects.connections.erase(objects.connections.begin(),
                            objects.connections.begin() + 12);
  ASSERT_THAT(Pass(objects).brakes, SizeIs(1));
  ASSERT_THAT(CredentialPaths(kNightly), SizeIs(20));
  objects.ended = {Take(objects.grants, 19, "Grant")};
  ASSERT_THAT(Pass(objects).brakes, SizeIs(1));
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
  EXPECT_THAT(CredentialPaths(kNightly),
              Not(Contains("secret/data/sales/c19")));
  objects.ended.clear();
  Restart();
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), SizeIs(19));
}

// --- tombstones ---

TEST_F(AbsenceTest, WhatComesOutOfABackupGivesNothing) {
  const model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  model::Objects fewer = objects;
  fewer.ended = {Take(fewer.grants, 0, "Grant"),
                 Take(fewer.connections, 0, "Connection")};
  Pass(fewer);
  Restart();
  const op::PassReport report = Pass(objects, After(hours(24 * 80)));
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
  EXPECT_THAT(CredentialPaths(kCloser), IsEmpty());
  std::string problems;
  for (const auto& one : report.problems) problems += ToString(one) + "\n";
  EXPECT_THAT(problems, HasSubstr("Restored"));
  EXPECT_THAT(problems, HasSubstr("metadata.generation is over 3"));
}

TEST_F(AbsenceTest, SavedAgainItCounts) {
  model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  model::Objects fewer = objects;
  fewer.ended = {Take(fewer.grants, 0, "Grant")};
  Pass(fewer);
  Pass(objects);
  ASSERT_THAT(CredentialPaths(kNightly), IsEmpty());
  objects.grants[0].metadata.generation = 4;
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), Not(IsEmpty()));
}

TEST_F(AbsenceTest, ARestoredDenyCounts) {
  const model::Objects objects = WithDeny();
  Pass(objects);
  model::Objects fewer = objects;
  fewer.ended = {Take(fewer.grants, 2, "Grant")};
  Pass(fewer);
  ASSERT_THAT(CredentialPaths("everyone.sa"), Not(IsEmpty()));
  Pass(objects);
  EXPECT_THAT(CredentialPaths("everyone.sa"), IsEmpty());
}

TEST_F(AbsenceTest, ARestoredConnectionClaimsNoPath) {
  model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  model::Objects next = objects;
  next.ended = {Take(next.connections, 0, "Connection")};
  next.connections.push_back(AConnection("other/mine")
                                 .WithOwner(User("bob"))
                                 .WithDefault(Kv2("secret", "sales/warehouse"))
                                 .Created(After(hours(1)), "uid-later"));
  next.grants.push_back(AGrant("other/me", "mine")
                            .To(Account("other/app"))
                            .Allowing({model::Privilege::kUse}));
  Pass(next);
  ASSERT_THAT(CredentialPaths("sa.other.app"), SizeIs(1));
  next.connections.push_back(objects.connections[0]);
  Pass(next);
  EXPECT_THAT(CredentialPaths("sa.other.app"), SizeIs(1));
}

TEST_F(AbsenceTest, TombstonesGoAfterNinetyDaysUnlessTheirObjectIsThere) {
  const model::Objects objects = FromCluster(Quickstart());
  Pass(objects);
  model::Objects fewer = objects;
  fewer.ended = {Take(fewer.grants, 0, "Grant"),
                 Take(fewer.grants, 0, "Grant")};
  Pass(fewer);
  fewer.ended.clear();
  model::Objects one_back = fewer;
  one_back.grants.push_back(objects.grants[0]);
  Pass(one_back);
  Restart();
  Pass(one_back, After(hours(24 * 91)));
  const std::string ledger =
      vault_.Secret("claviger/prod/ledger/objects/sales").dump();
  EXPECT_THAT(ledger, HasSubstr("ended:" + objects.grants[0].metadata.uid));
  EXPECT_THAT(ledger,
              Not(HasSubstr("ended:" + objects.grants[1].metadata.uid)));
  EXPECT_THAT(CredentialPaths(kNightly), IsEmpty());
}

TEST_F(AbsenceTest, AManifestThatComesBackCounts) {
  const model::Objects objects = Quickstart();
  Pass(objects);
  model::Objects fewer = objects;
  fewer.grants.clear();
  Pass(fewer);
  Pass(objects);
  EXPECT_THAT(CredentialPaths(kNightly), Not(IsEmpty()));
}

TEST_F(AbsenceTest, ASecondPassMakesNoCall) {
  model::Objects objects = WithDeny();
  Pass(objects);
  objects.grants.pop_back();
  objects.ended = {Take(objects.grants, 0, "Grant")};
  Pass(objects);
  vault_.ResetCounts();
  Pass(objects);
  EXPECT_EQ(vault_.calls(), 0);
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// What is not ours is reported and left alone; what fails for one principal
// does not stop the others.
#include "operator/reconciler.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ReconcilerConflictTest = ReconcilerFixture;

constexpr char kPolicy[] = "claviger.prod.sa.reports.nightly";
constexpr char kRole[] = "claviger/claviger.prod.sa.reports.nightly";
constexpr char kEntry[] = "claviger/prod/bindings/sa.reports.nightly";

TEST_F(ReconcilerConflictTest, ForeignPolicyIsReportedAndLeftAlone) {
  vault_.SetPolicy(kPolicy, "path \"*\" {}");
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(report.conflicts[0].principal, "sa.reports.nightly");
  EXPECT_THAT(report.conflicts[0].what, HasSubstr(kPolicy));
  EXPECT_EQ(vault_.Policy(kPolicy), "path \"*\" {}");
  EXPECT_FALSE(vault_.HasRole(kRole));
  EXPECT_TRUE(vault_.Secret(kEntry).is_null());
  // The others went on.
  EXPECT_TRUE(vault_.HasPolicy("claviger.prod.sa.finance.closer"));
}

TEST_F(ReconcilerConflictTest, ForeignRoleIsReportedAndLeftAlone) {
  vault_.SetRole(kRole, {{"audience", "theirs"}});
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Role(kRole), nlohmann::json({{"audience", "theirs"}}));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
}

TEST_F(ReconcilerConflictTest, ForeignEntryIsReportedAndLeftAlone) {
  vault_.SetSecret(kEntry, {{"theirs", true}});
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Secret(kEntry), nlohmann::json({{"theirs", true}}));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));
}

TEST_F(ReconcilerConflictTest, ForeignEveryonePolicyIsHandedToNobodyNew) {
  vault_.SetPolicy("claviger.prod.everyone.sa", "path \"*\" {}");
  EXPECT_THAT(Pass(Quickstart()).conflicts, SizeIs(3));
  EXPECT_FALSE(vault_.HasRole(kRole));
  EXPECT_FALSE(vault_.HasPolicy(kPolicy));

  vault_.RemovePolicy("claviger.prod.everyone.sa");
  (*process_)->Suspect(100);
  EXPECT_THAT((*process_)->Continue(kNow).conflicts, IsEmpty());
  EXPECT_TRUE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerConflictTest, RightsStillEndWhileTheEveryonePolicyIsForeign) {
  Pass(Quickstart());
  nlohmann::json entry = vault_.Secret("claviger/prod/bindings/everyone.sa");
  entry["stamp"]["cluster"] = "other";
  vault_.SetSecret("claviger/prod/bindings/everyone.sa", entry);
  model::Objects objects = Quickstart();
  objects.grants[0].window.expires_at = kNow;
  Restart();
  Pass(objects);
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
}

TEST_F(ReconcilerConflictTest, EntryOfAnotherClusterIsForeign) {
  Pass(Quickstart());
  nlohmann::json entry = vault_.Secret(kEntry);
  entry["stamp"]["cluster"] = "other";
  vault_.SetSecret(kEntry, entry);
  Restart();
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_EQ(vault_.Secret(kEntry), entry);
}

TEST_F(ReconcilerConflictTest, ForeignEntryOfNobodyWantedIsNotRemoved) {
  vault_.SetSecret("claviger/prod/bindings/sa.some.one", {{"theirs", true}});
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_FALSE(vault_.Secret("claviger/prod/bindings/sa.some.one").is_null());
}

TEST_F(ReconcilerConflictTest, EndsWhenTheForeignThingIsGone) {
  vault_.SetPolicy(kPolicy, "theirs");
  Pass(Quickstart());
  vault_.ResetCounts();
  EXPECT_THAT(Pass(Quickstart()).conflicts, SizeIs(1));
  EXPECT_EQ(vault_.calls(), 0);  // remembered, not looked for again and again
  vault_.RemovePolicy(kPolicy);
  (*process_)->Suspect(100);
  EXPECT_THAT((*process_)->Continue(kNow).conflicts, IsEmpty());
  EXPECT_TRUE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerConflictTest, RoleInTheNewAuthMountIsForeign) {
  Pass(Quickstart());
  vault_.SetRole("k8s/claviger.prod.sa.reports.nightly", {{"audience", "x"}});
  op::ReconcilerSettings settings = TestSettings();
  settings.layout.auth_mount = "k8s";
  Restart(settings);
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.conflicts, SizeIs(1));
  EXPECT_THAT(report.conflicts[0].what, HasSubstr("auth mount k8s"));
}

TEST_F(ReconcilerConflictTest, RefusedCallFailsItsPrincipalOnly) {
  vault_.Refuse(std::string("write sys/policies/acl/") + kPolicy);
  const op::PassReport report = Pass(Quickstart());
  ASSERT_THAT(report.failures, SizeIs(1));
  EXPECT_EQ(report.failures[0].principal, "sa.reports.nightly");
  EXPECT_EQ(report.failures[0].error.code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(report.retry());
  EXPECT_FALSE(report.interrupted);
  EXPECT_FALSE(vault_.HasRole(kRole));
  EXPECT_TRUE(vault_.HasRole("claviger/claviger.prod.sa.finance.closer"));

  vault_.Heal();
  EXPECT_TRUE((*process_)->Continue(kNow).settled());
  EXPECT_TRUE(vault_.HasRole(kRole));
}

TEST_F(ReconcilerConflictTest, ManyRefusalsInARowEndThePass) {
  model::Objects objects;
  for (int i = 0; i < 40; ++i) {
    objects.service_accounts.push_back({"ns", "sa" + std::to_string(i)});
  }
  vault_.Refuse("write");
  const op::PassReport report = Pass(objects);
  ASSERT_TRUE(report.interrupted);
  EXPECT_EQ(report.interrupted->code, ErrorCode::kPermissionDenied);
  EXPECT_LT(vault_.writes(), 20);
}

TEST_F(ReconcilerConflictTest, LostCompareAndSetIsReadAgain) {
  Pass(Quickstart());
  model::Objects objects = Quickstart();
  objects.grants[0].window.expires_at = After(std::chrono::hours(9));
  // Another process of ours writes between this one's read and write.
  struct Meddler final : vault::Api {
    explicit Meddler(FakeVault& v) : vault(v) {}
    Result<vault::Answer> Do(const vault::Call& call) override {
      if (call.verb == vault::Verb::kWrite && !done &&
          call.path == "claviger/data/prod/bindings/sa.reports.nightly") {
        done = true;
        vault.SetSecret(kEntry, vault.Secret(kEntry));
      }
      return vault.Do(call);
    }
    FakeVault& vault;
    bool done = false;
  } meddler(vault_);
  op::FixedToken token{Secret("root")};
  op::VaultStore store(meddler, token, "claviger");
  op::Reconciler reconciler(TestSettings(), store);
  const op::PassReport report = reconciler.Pass(objects, kNow);
  EXPECT_TRUE(meddler.done);
  EXPECT_TRUE(report.settled());
  EXPECT_THAT(report.failures, IsEmpty());
  EXPECT_THAT(Bindings("sa.reports.nightly").dump(), HasSubstr("expiresAt"));
}

TEST_F(ReconcilerConflictTest, PrincipalWithoutAPossiblePolicyIsAFailure) {
  model::Objects objects = Quickstart();
  // Valid for Kubernetes, too long for one segment of a path in Vault.
  objects.service_accounts = {{"reports", std::string(600, 'a')}};
  const op::PassReport report = Pass(objects);
  for (const op::Failure& failure : report.failures) {
    EXPECT_TRUE(failure.permanent);
  }
  EXPECT_FALSE(report.retry());
  EXPECT_TRUE(vault_.HasRole(kRole));
}

}  // namespace
}  // namespace claviger::testing

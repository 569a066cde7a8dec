// SPDX-License-Identifier: Apache-2.0
//
// What the webhook lets through, defaults and warns about; what it refuses to
// the powerful is in escalation_test.cc.
#include "operator/webhook/judge.h"

#include <gmock/gmock.h>

#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT: the bed of these tests

class JudgeTest : public ::testing::Test {
 protected:
  static void ExpectRefused(const Verdict& verdict, Rule rule,
                            const std::string& reason) {
    EXPECT_FALSE(verdict.allowed);
    EXPECT_EQ(ToString(verdict.rule), ToString(rule)) << verdict.message;
    EXPECT_THAT(verdict.message, HasSubstr(reason));
  }
  static void ExpectAllowed(const Verdict& verdict) {
    EXPECT_TRUE(verdict.allowed) << verdict.message;
  }

  Bed bed_;
};

TEST_F(JudgeTest, MakesTheCreatorTheOwner) {
  ExpectAllowed(bed_.Create("erin", ConnectionJson("sales/w", "")));
  EXPECT_EQ(bed_.defaulted()["spec"]["owner"], UserJson("erin"));
  ExpectAllowed(bed_.Create("system:serviceaccount:ci:deployer",
                            ConnectionJson("sales/w", "")));
  EXPECT_EQ(bed_.defaulted()["spec"]["owner"], AccountJson("ci/deployer"));
}

TEST_F(JudgeTest, AsksForAnOwnerWhereTheCreatorsNameCannotBeOne) {
  ExpectRefused(bed_.Create("a{b}", ConnectionJson("sales/w", "")),
                Rule::kOwner, "spec.owner is missing");
}

TEST_F(JudgeTest, KeepsTheOwnerWhenAnUpdateLeavesItOut) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  const json old = bed_.Stored("Connection", "sales/w");
  json now = old;
  now["spec"].erase("owner");
  now["spec"]["endpoint"]["host"] = "other.corp";
  ExpectAllowed(bed_.Update("erin", old, now));
  EXPECT_EQ(bed_.defaulted()["spec"]["owner"], UserJson("erin"));
}

TEST_F(JudgeTest, TakesAGroupOfTheCreatorsAsOwner) {
  bed_.Store(GroupJson("team", {UserJson("erin")}, {}));
  json claimed = GroupJson("claimed", {}, {});
  claimed["spec"]["claim"] = {{"name", "groups"}, {"value", "fin-team"}};
  bed_.Store(claimed);
  json connection = ConnectionJson("sales/w", "");
  connection["spec"]["owner"] = InGroupJson("team");
  ExpectAllowed(bed_.Create("erin", connection));
  ExpectRefused(bed_.Create("dan", connection), Rule::kOwner,
                "not a member of Group team");
  connection["spec"]["owner"] = InGroupJson("claimed");
  ExpectRefused(bed_.Create("dan", connection), Rule::kOwner, "claimed");
  bed_.Join("dan", {"fin-team"});
  ExpectAllowed(bed_.Create("dan", connection));
}

TEST_F(JudgeTest, MakesTheCreatorAdminOfAGroupWithoutAny) {
  json group = GroupJson("team", {}, {});
  group["spec"].erase("admins");
  ExpectAllowed(bed_.Create("carol", group));
  EXPECT_EQ(bed_.defaulted()["spec"]["admins"],
            json::array({UserJson("carol")}));
  const json explicitly_none = GroupJson("team", {}, {});
  ExpectAllowed(bed_.Create("carol", explicitly_none));
  EXPECT_EQ(bed_.defaulted(), explicitly_none);
}

TEST_F(JudgeTest, DefaultsAreIdempotent) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  const json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  ExpectAllowed(bed_.Create("erin", grant));
  const json once = bed_.defaulted();
  EXPECT_TRUE(
      once["metadata"]["annotations"].contains("claviger.io/connection-uid"));
  ExpectAllowed(bed_.Create("erin", once));
  EXPECT_EQ(bed_.defaulted(), once);
}

TEST_F(JudgeTest, NamesACycleOfGroups) {
  bed_.Store(GroupJson("a", {InGroupJson("b")}, {UserJson("carol")}));
  bed_.Store(GroupJson("b", {InGroupJson("c")}, {UserJson("carol")}));
  ExpectRefused(bed_.Create("carol", GroupJson("c", {InGroupJson("a")},
                                               {UserJson("carol")})),
                Rule::kCycle, "c -> a -> b -> c");
  ExpectRefused(bed_.Create("carol", GroupJson("d", {InGroupJson("d")},
                                               {UserJson("carol")})),
                Rule::kCycle, "d -> d");
}

TEST_F(JudgeTest, LetsACycleBeBroken) {
  bed_.Store(GroupJson("a", {InGroupJson("b")}, {UserJson("carol")}));
  bed_.Store(GroupJson("b", {InGroupJson("a")}, {UserJson("carol")}));
  const json old = bed_.Stored("Group", "b");
  json now = old;
  now["spec"]["members"] = json::array();
  ExpectAllowed(bed_.Update("carol", old, now));
}

TEST_F(JudgeTest, RefusesPathsThatTheNamespaceMayNotName) {
  bed_.settings.snapshot.paths.allow_all = false;
  bed_.settings.snapshot.paths.mounts = {
      {"secret", model::Engine::kKv2, {"{namespace}/+"}}};
  ExpectAllowed(bed_.Create("erin", ConnectionJson("sales/w", "")));
  json other = ConnectionJson("sales/w", "");
  other["spec"]["credentials"]["default"]["vault"]["path"] = "hr/pay";
  ExpectRefused(bed_.Create("erin", other), Rule::kPath, "PathNotAllowed");
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "hr/pay")}};
  ExpectRefused(bed_.Create("erin", grant), Rule::kPath, "PathNotAllowed");
}

TEST_F(JudgeTest, LetsOneOwnerNameAPathTwiceButNotGiveHalfOfItAway) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json second = ConnectionJson("sales/w2", "erin");
  second["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/w");
  ExpectAllowed(bed_.Create("erin", second));
  bed_.Store(second);
  bed_.settings.admins.push_back({{"root"}, {}, {"sales"}});
  const json old = bed_.Stored("Connection", "sales/w2");
  json now = old;
  now["spec"]["owner"] = UserJson("mallory");
  ExpectRefused(bed_.Update("root", old, now), Rule::kPath, "PathClaimed");
}

TEST_F(JudgeTest, RefusesWhatTheProviderCannotDo) {
  json connection = ConnectionJson("sales/w", "");
  connection["spec"]["provider"] = "oracle";
  connection["spec"]["endpoint"] = {
      {"host", "o.corp"}, {"port", 1521}, {"database", "o"}};
  ExpectRefused(bed_.Create("erin", connection), Rule::kInvalid,
                "serverSideOnly");
}

TEST_F(JudgeTest, SaysWhatIsWrongWithAnObject) {
  json connection = ConnectionJson("sales/w", "");
  connection["spec"]["provider"] = "postgres";
  ExpectRefused(bed_.Create("erin", connection), Rule::kInvalid,
                "cannot create Connection sales/w: spec.provider");
}

TEST_F(JudgeTest, WaitsForAConnectionThatIsNotThereYet) {
  const Verdict verdict = bed_.Create(
      "erin", GrantJson("sales/g", "new", {UserJson("dan")}, {"use"}));
  ExpectRefused(verdict, Rule::kUnknown, "there is no Connection sales/new");
  EXPECT_TRUE(verdict.stale);
}

TEST_F(JudgeTest, AnOwnerNeedNotWaitForItsOwnEditToBeSeen) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json old = bed_.Stored("Connection", "sales/w");
  old["metadata"]["generation"] = 7;  // newer than the snapshot's
  json now = old;
  now["spec"]["endpoint"]["host"] = "other.corp";
  ExpectAllowed(bed_.Update("erin", old, now));
  const Verdict verdict = bed_.Update("mona", old, now);
  ExpectRefused(verdict, Rule::kPrivilege, "lacks manage");
  EXPECT_TRUE(verdict.stale);
}

TEST_F(JudgeTest, FormerOwnerMayNotGoOnByAnOldSnapshot) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json old = bed_.Stored("Connection", "sales/w");
  old["metadata"]["generation"] = 7;
  old["spec"]["owner"] = UserJson("olga");  // the snapshot still says erin
  json now = old;
  now["spec"]["owner"] = UserJson("erin");
  ExpectRefused(bed_.Update("erin", old, now), Rule::kPrivilege,
                "its owner (User olga)");
}

TEST_F(JudgeTest, ANamespaceUnderDeletionFinishes) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  bed_.Store(GrantJson("sales/g", "w", {UserJson("dan")}, {"use"}));
  bed_.Store(DenyJson("sales/d", "w", {UserJson("dan")}, {"use"}));
  const char* controller =
      "system:serviceaccount:kube-system:namespace-controller";
  ExpectAllowed(bed_.Delete(controller, bed_.Stored("Connection", "sales/w")));
  ExpectAllowed(bed_.Delete(controller, bed_.Stored("Grant", "sales/g")));
  ExpectAllowed(bed_.Delete(controller, bed_.Stored("Grant", "sales/d")));
  ExpectRefused(bed_.Delete("system:serviceaccount:sales:namespace-controller",
                            bed_.Stored("Grant", "sales/d")),
                Rule::kPrivilege, "a Deny needs manage");
}

TEST_F(JudgeTest, GarbageCollectorDeletesOnlyWhatHasAnOwnerReference) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  const char* collector =
      "system:serviceaccount:kube-system:generic-garbage-collector";
  json old = bed_.Stored("Connection", "sales/w");
  ExpectRefused(bed_.Delete(collector, old), Rule::kPrivilege, "lacks manage");
  old["metadata"]["ownerReferences"] = json::array({{{"name", "x"}}});
  ExpectAllowed(bed_.Delete(collector, old));
}

TEST_F(JudgeTest, LabelsAreFreeForWhoeverRbacLets) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  const json old = bed_.Stored("Connection", "sales/w");
  json now = old;
  now["metadata"]["labels"] = {{"team", "x"}};
  now["metadata"]["annotations"] = {{"note", "y"}};
  ExpectAllowed(bed_.Update("mallory", old, now));
}

TEST_F(JudgeTest, DeletingAgainWhatIsOnItsWayIsFree) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json old = bed_.Stored("Connection", "sales/w");
  old["metadata"]["deletionTimestamp"] = "2026-12-01T00:00:00Z";
  ExpectAllowed(bed_.Delete("dan", old));
}

TEST_F(JudgeTest, GrantsWithoutTheirConnectionMayBeClearedButNotDenies) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  bed_.Store(GrantJson("sales/g", "w", {UserJson("dan")}, {"use"}));
  bed_.Store(DenyJson("sales/d", "w", {UserJson("dan")}, {"use"}));
  bed_.Remove(bed_.Stored("Connection", "sales/w"));
  ExpectAllowed(bed_.Delete("dan", bed_.Stored("Grant", "sales/g")));
  ExpectRefused(bed_.Delete("dan", bed_.Stored("Grant", "sales/d")),
                Rule::kUnknown, "a Deny on one that comes back");
}

TEST_F(JudgeTest, SuspendedGroupCredentialNeedsNoGroupAdmin) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  bed_.Store(GroupJson("team", {}, {UserJson("carol")}));
  json grant = GrantJson("sales/g", "w", {InGroupJson("team")}, {});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/t")}};
  ExpectRefused(bed_.Create("erin", grant), Rule::kGroupAdmin, "User carol");
  grant["spec"]["suspended"] = true;
  ExpectAllowed(bed_.Create("erin", grant));
}

TEST_F(JudgeTest, TimeBoundShareEndsWithItsGrant) {
  bed_.Store(ConnectionJson("sales/w", "erin"));
  json sharer = GrantJson("sales/s", "w", {UserJson("sam")}, {"use", "share"});
  sharer["spec"]["expiresAt"] = "2026-12-01T00:00:01Z";
  bed_.Store(sharer);
  const json grant = GrantJson("sales/g", "w", {UserJson("dan")}, {"use"});
  ExpectAllowed(bed_.Create("sam", grant));
  bed_.now += std::chrono::seconds(1);
  ExpectRefused(bed_.Create("sam", grant), Rule::kPrivilege, "needs share");
}

TEST_F(JudgeTest, WarnsWhereSharingWithAllGivesNothing) {
  bed_.settings.snapshot.organization_from = {"platform"};
  json connection = ConnectionJson("sales/w", "");
  connection["spec"]["sharing"] = {{"mode", "Organization"}};
  const Verdict verdict = bed_.Create("erin", connection);
  ExpectAllowed(verdict);
  EXPECT_THAT(verdict.warnings,
              Contains(HasSubstr("namespace sales may not share with")));
}

TEST_F(JudgeTest, StatusIsTheOperators) {
  Review review;
  review.sub_resource = "status";
  review.operation = Operation::kUpdate;
  review.user.username = "mallory";
  review.object.emplace();
  review.old_object.emplace();
  const View view = bed_.MakeView();
  EXPECT_FALSE(Judge(view, bed_.settings, review, bed_.now).allowed);
  review.user.username = bed_.settings.operator_user;
  EXPECT_TRUE(Judge(view, bed_.settings, review, bed_.now).allowed);
}

}  // namespace
}  // namespace claviger::op::webhook

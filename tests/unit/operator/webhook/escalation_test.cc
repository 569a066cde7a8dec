// SPDX-License-Identifier: Apache-2.0
//
// Each step by which somebody with some rights could win more, refused with
// the reason. erin owns sales/warehouse; sam holds `share` and `use` on it;
// mona holds `manage`; mallory may write every kind by RBAC, and nothing else.
#include <gmock/gmock.h>

#include "unit/operator/webhook/bed.h"

namespace claviger::op::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using namespace testing;  // NOLINT: the bed of these tests

class EscalationTest : public ::testing::Test {
 protected:
  EscalationTest() {
    bed_.Store(GroupJson("finance", {UserJson("bob")}, {UserJson("carol")}));
    bed_.Store(ConnectionJson("sales/warehouse", "erin"));
    bed_.Store(GrantJson("sales/sharer", "warehouse", {UserJson("sam")},
                         {"use", "share"}));
    bed_.Store(GrantJson("sales/manager", "warehouse", {UserJson("mona")},
                         {"manage"}));
  }

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

TEST_F(EscalationTest, SharerCannotGrantItselfManage) {
  ExpectRefused(bed_.Create("sam", GrantJson("sales/g", "warehouse",
                                             {UserJson("sam")}, {"manage"})),
                Rule::kConveys, "a Grant of manage needs manage");
}

TEST_F(EscalationTest, SharerCannotGrantItselfReadSecret) {
  ExpectRefused(
      bed_.Create("sam", GrantJson("sales/g", "warehouse", {UserJson("sam")},
                                   {"readSecret"})),
      Rule::kConveys, "a Grant of readSecret needs manage");
}

TEST_F(EscalationTest, SharerCannotWidenAGrantThatItMayWrite) {
  const json old = bed_.Stored("Grant", "sales/sharer");
  json now = old;
  now["spec"]["privileges"] = {"use", "share", "manage"};
  ExpectRefused(bed_.Update("sam", old, now), Rule::kConveys,
                "sam lacks; its owner (User erin)");
}

TEST_F(EscalationTest, SharerCannotTouchAGrantOfManage) {
  const json old = bed_.Stored("Grant", "sales/manager");
  json now = old;
  now["spec"]["subjects"] = json::array({UserJson("sam")});
  ExpectRefused(bed_.Update("sam", old, now), Rule::kConveys,
                "a Grant of manage needs manage");
  ExpectRefused(bed_.Delete("sam", old), Rule::kConveys,
                "a Grant of manage needs manage");
}

TEST_F(EscalationTest, SharerWithoutUseCannotGrantUse) {
  bed_.Store(
      GrantJson("sales/sharer", "warehouse", {UserJson("sam")}, {"share"}));
  ExpectRefused(bed_.Create("sam", GrantJson("sales/g", "warehouse",
                                             {UserJson("sam")}, {"use"})),
                Rule::kConveys, "conveys at most what its author has");
}

TEST_F(EscalationTest, SharerGrantsWhatItHas) {
  ExpectAllowed(bed_.Create(
      "sam", GrantJson("sales/g", "warehouse", {UserJson("dan")}, {"use"})));
}

TEST_F(EscalationTest, StrangerCannotGrantAtAll) {
  ExpectRefused(
      bed_.Create("mallory", GrantJson("sales/g", "warehouse",
                                       {UserJson("mallory")}, {"use"})),
      Rule::kPrivilege, "writing Grants needs share");
}

TEST_F(EscalationTest, DeniedSharerCannotDeleteTheDenyOnItself) {
  bed_.Store(DenyJson("sales/no-sam", "warehouse", {UserJson("sam")}, {"use"}));
  const json deny = bed_.Stored("Grant", "sales/no-sam");
  ExpectRefused(bed_.Delete("sam", deny), Rule::kPrivilege,
                "a Deny needs manage");
}

TEST_F(EscalationTest, DeniedSharerCannotDefuseTheDenyOnItself) {
  bed_.Store(DenyJson("sales/no-sam", "warehouse", {UserJson("sam")}, {"use"}));
  const json old = bed_.Stored("Grant", "sales/no-sam");
  for (const char* change :
       {R"({"suspended": true})", R"({"expiresAt": "2026-01-01T00:00:00Z"})",
        R"({"effect": "Allow"})",
        R"({"subjects": [{"kind":"User","name":"x"}]})"}) {
    json now = old;
    now["spec"].update(json::parse(change));
    ExpectRefused(bed_.Update("sam", old, now), Rule::kPrivilege,
                  "a Deny needs manage");
  }
}

TEST_F(EscalationTest, DenyCannotBeGivenToTheGarbageCollector) {
  bed_.Store(DenyJson("sales/no-sam", "warehouse", {UserJson("sam")}, {"use"}));
  const json old = bed_.Stored("Grant", "sales/no-sam");
  json now = old;
  now["metadata"]["ownerReferences"] = json::array({{{"apiVersion", "v1"},
                                                     {"kind", "ConfigMap"},
                                                     {"name", "mine"},
                                                     {"uid", "u"}}});
  ExpectRefused(bed_.Update("sam", old, now), Rule::kPrivilege,
                "a Deny needs manage");
}

TEST_F(EscalationTest, NobodyDeniesTheOwner) {
  for (const char* user : {"mona", "erin"}) {
    ExpectRefused(bed_.Create(user, DenyJson("sales/d", "warehouse",
                                             {UserJson("erin")}, {"use"})),
                  Rule::kOwner, "would deny the owner, User erin");
  }
  ExpectRefused(bed_.Create("mona", DenyJson("sales/d", "warehouse",
                                             {EveryoneJson()}, {"use"})),
                Rule::kOwner, "a Deny to Everyone would deny the owner");
}

TEST_F(EscalationTest, NobodyDeniesTheOwnerThroughAGroup) {
  bed_.Store(GroupJson("team", {UserJson("erin")}, {}));
  bed_.Store(GroupJson("all", {InGroupJson("team")}, {}));
  ExpectRefused(bed_.Create("mona", DenyJson("sales/d", "warehouse",
                                             {InGroupJson("all")}, {"use"})),
                Rule::kOwner, "a Deny to Group all would deny the owner");
  ExpectAllowed(bed_.Create(
      "mona",
      DenyJson("sales/d", "warehouse", {InGroupJson("finance")}, {"use"})));
}

TEST_F(EscalationTest, NobodyDeniesAnOwningGroupOrItsMembers) {
  json connection = bed_.Stored("Connection", "sales/warehouse");
  connection["spec"]["owner"] = InGroupJson("finance");
  bed_.Store(connection);
  for (const json& subject : {InGroupJson("finance"), UserJson("bob")}) {
    ExpectRefused(bed_.Create("mona", DenyJson("sales/d", "warehouse",
                                               {subject}, {"use"})),
                  Rule::kOwner, "would deny the owner, Group finance");
  }
}

TEST_F(EscalationTest, MemberCannotEditItsGroup) {
  const json old = bed_.Stored("Group", "finance");
  json now = old;
  now["spec"]["members"].push_back(UserJson("mallory"));
  ExpectRefused(bed_.Update("bob", old, now), Rule::kGroupAdmin,
                "bob is not an admin of the group; its admins are User carol");
  ExpectRefused(bed_.Delete("bob", old), Rule::kGroupAdmin, "not an admin");
  ExpectAllowed(bed_.Update("carol", old, now));
}

TEST_F(EscalationTest, MemberCannotMakeItselfAdmin) {
  const json old = bed_.Stored("Group", "finance");
  json now = old;
  now["spec"]["admins"].push_back(UserJson("bob"));
  ExpectRefused(bed_.Update("bob", old, now), Rule::kGroupAdmin,
                "being a member is not enough");
}

TEST_F(EscalationTest, NobodyMakesAMissingGroupThatSomethingIsSharedWith) {
  json connection = bed_.Stored("Connection", "sales/warehouse");
  connection["spec"]["sharing"] = {{"mode", "Groups"}, {"groups", {"ghosts"}}};
  bed_.Store(connection);
  const json group = GroupJson("ghosts", {UserJson("mallory")}, {});
  ExpectRefused(bed_.Create("mallory", group), Rule::kPrivilege,
                "already gives a group of this name something");
  ExpectAllowed(bed_.Create("erin", group));
}

TEST_F(EscalationTest, NobodyJoinsAGroupByMakingItsMissingMember) {
  bed_.Store(GroupJson("parent", {InGroupJson("child")}, {UserJson("carol")}));
  const json child = GroupJson("child", {UserJson("mallory")}, {});
  ExpectRefused(bed_.Create("mallory", child), Rule::kGroupAdmin,
                "Group parent already names a group of this name");
  ExpectAllowed(bed_.Create("carol", child));
}

TEST_F(EscalationTest, OwnerCannotGiveAGroupACredentialWithoutItsAdmin) {
  json grant = GrantJson("sales/g", "warehouse", {InGroupJson("finance")}, {});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/fin")}};
  ExpectRefused(bed_.Create("erin", grant), Rule::kGroupAdmin,
                "giving Group finance a credential needs its admin");
  const json group = bed_.Stored("Group", "finance");
  json changed = group;
  changed["spec"]["admins"].push_back(UserJson("erin"));
  bed_.Store(changed);
  ExpectAllowed(bed_.Create("erin", grant));
}

TEST_F(EscalationTest, SecondConnectionOnAnothersPathIsRefused) {
  json theft = ConnectionJson("sales/mine", "mallory");
  theft["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/warehouse");
  theft["spec"]["endpoint"]["host"] = "evil.example";
  ExpectRefused(bed_.Create("mallory", theft), Rule::kPath,
                "PathClaimed: the Vault path secret/data/sales/warehouse is "
                "named by Connection sales/warehouse");
}

TEST_F(EscalationTest, OlderConnectionCannotBeEditedOntoANewersPath) {
  bed_.Store(ConnectionJson("sales/newer", "erin"));
  json mine = ConnectionJson("sales/old", "mallory");
  mine["metadata"]["uid"] = "a";
  mine["metadata"]["creationTimestamp"] = "2020-01-01T00:00:00Z";
  bed_.Store(mine);
  const json old = bed_.Stored("Connection", "sales/old");
  json now = old;
  now["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/newer");
  ExpectRefused(bed_.Update("mallory", old, now), Rule::kPath, "PathClaimed");
}

TEST_F(EscalationTest, GrantCannotNameAnothersPath) {
  bed_.Store(ConnectionJson("sales/mine", "mallory"));
  json grant = GrantJson("sales/g", "mine", {UserJson("mallory")}, {"use"});
  grant["spec"]["credential"] = {
      {"vault", Kv2Json("secret", "sales/warehouse")}};
  ExpectRefused(bed_.Create("mallory", grant), Rule::kPath, "PathClaimed");
}

TEST_F(EscalationTest, PathOfAGrantIsClaimedToo) {
  json grant = GrantJson("sales/g", "warehouse", {UserJson("sam")}, {"use"});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/sam")}};
  bed_.Store(grant);
  json theft = ConnectionJson("sales/mine", "mallory");
  theft["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/sam");
  ExpectRefused(bed_.Create("mallory", theft), Rule::kPath, "PathClaimed");
}

TEST_F(EscalationTest, RecreatedConnectionDoesNotTakeOverLeftBehindGrants) {
  const json grant = bed_.Stored("Grant", "sales/sharer");
  const json gone = bed_.Stored("Connection", "sales/warehouse");
  bed_.Remove(gone);
  ExpectAllowed(bed_.Create("mallory", ConnectionJson("sales/warehouse", "")));
  bed_.Store(ConnectionJson("sales/warehouse", "mallory"));
  // Whoever touches the Grant without a right to write it does not renew the
  // consent: the stamp stays the old Connection's.
  json touched = grant;
  touched["metadata"]["labels"] = {{"touched", "yes"}};
  ExpectAllowed(bed_.Update("sam", grant, touched));
  EXPECT_EQ(bed_.defaulted()["metadata"]["annotations"],
            grant["metadata"]["annotations"]);
  EXPECT_NE(bed_.Stored("Connection", "sales/warehouse")["metadata"]["uid"],
            gone["metadata"]["uid"]);
}

TEST_F(EscalationTest, LeftBehindGrantCannotBringBackAClaim) {
  json grant = GrantJson("sales/g", "warehouse", {UserJson("sam")}, {"use"});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/shared")}};
  bed_.Store(grant);
  json unstamped = bed_.Stored("Grant", "sales/g");
  bed_.Remove(bed_.Stored("Connection", "sales/warehouse"));
  json other = ConnectionJson("sales/other", "olga");
  other["spec"]["credentials"]["default"]["vault"] =
      Kv2Json("secret", "sales/shared");
  bed_.Store(other);
  const json again = ConnectionJson("sales/warehouse", "");
  ExpectAllowed(bed_.Create("mallory", again));  // the Grant will be inert
  unstamped["metadata"].erase("annotations");
  bed_.Store(unstamped);
  ExpectRefused(bed_.Create("mallory", again), Rule::kPath,
                "which Grant sales/g names, is named by");
}

TEST_F(EscalationTest, EndpointMovedUnderAGroupsCredentialNeedsConsentAgain) {
  bed_.settings.admins.push_back({{"root"}, {}, {"*"}});
  json grant = GrantJson("sales/g", "warehouse", {InGroupJson("finance")}, {});
  grant["spec"]["credential"] = {{"vault", Kv2Json("secret", "sales/fin")}};
  ExpectAllowed(bed_.Create("root", grant));
  const json stamped = bed_.defaulted();
  const std::string before =
      stamped["metadata"]["annotations"]["claviger.io/endpoint-fingerprint"];

  json moved = bed_.Stored("Connection", "sales/warehouse");
  moved["spec"]["endpoint"]["host"] = "evil.example";
  bed_.Store(moved);
  // The owner moved it; saving the Grant again needs the group's admin.
  json saved = stamped;
  saved["spec"]["reason"] = "again";
  ExpectRefused(bed_.Update("erin", stamped, saved), Rule::kGroupAdmin,
                "giving Group finance a credential");
  // A label by anybody leaves the old fingerprint, so the Grant stays inert.
  json labelled = stamped;
  labelled["metadata"]["labels"] = {{"a", "b"}};
  ExpectAllowed(bed_.Update("erin", stamped, labelled));
  EXPECT_EQ(bed_.defaulted()["metadata"]["annotations"]
                            ["claviger.io/endpoint-fingerprint"],
            before);
  ExpectAllowed(bed_.Update("root", stamped, saved));
  EXPECT_NE(bed_.defaulted()["metadata"]["annotations"]
                            ["claviger.io/endpoint-fingerprint"],
            before);
}

TEST_F(EscalationTest, ForgedStampsAreOverwrittenAndRefused) {
  json grant = GrantJson("sales/g", "warehouse", {UserJson("dan")}, {"use"});
  grant["metadata"]["annotations"] = {
      {"claviger.io/connection-uid", "forged"},
      {"claviger.io/endpoint-fingerprint", "forged"}};
  ExpectAllowed(bed_.Create("sam", grant));
  const json& annotations = bed_.defaulted()["metadata"]["annotations"];
  EXPECT_EQ(annotations["claviger.io/connection-uid"],
            bed_.Stored("Connection", "sales/warehouse")["metadata"]["uid"]);
  EXPECT_FALSE(annotations.contains("claviger.io/endpoint-fingerprint"));
  ExpectRefused(bed_.JudgeOnly("sam", nullptr, &grant), Rule::kConsent,
                "its consent stamps are not those of Connection");
}

TEST_F(EscalationTest, StampsCannotBeCarriedToAnotherConnectionByAStranger) {
  const json old = bed_.Stored("Grant", "sales/sharer");
  json now = old;
  now["metadata"]["annotations"]["claviger.io/connection-uid"] = "other";
  ExpectAllowed(bed_.Update("mallory", old, now));  // put back by the defaults
  EXPECT_EQ(bed_.defaulted(), old);
  ExpectRefused(bed_.JudgeOnly("mallory", &old, &now), Rule::kPrivilege,
                "needs share");
}

TEST_F(EscalationTest, ManagerCannotMakeAStrangerTheOwner) {
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["spec"]["owner"] = UserJson("mallory");
  ExpectRefused(bed_.Update("mona", old, now), Rule::kOwner,
                "user/mona is not User mallory");
  now["spec"]["owner"] = InGroupJson("finance");
  ExpectRefused(bed_.Update("mona", old, now), Rule::kOwner,
                "user/mona is not a member of Group finance");
  now["spec"]["owner"] = UserJson("mona");
  ExpectAllowed(bed_.Update("mona", old, now));
}

TEST_F(EscalationTest, StrangerCannotChangeOrDeleteAConnection) {
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["spec"]["endpoint"]["host"] = "evil.example";
  for (const char* user : {"mallory", "sam"}) {
    ExpectRefused(bed_.Update(user, old, now), Rule::kPrivilege,
                  "lacks manage on it; its owner (User erin)");
    ExpectRefused(bed_.Delete(user, old), Rule::kPrivilege, "lacks manage");
  }
}

TEST_F(EscalationTest, NobodyCreatesAConnectionInAnothersName) {
  ExpectRefused(bed_.Create("mallory", ConnectionJson("sales/x", "erin")),
                Rule::kOwner, "user/mallory is not User erin");
}

TEST_F(EscalationTest, OnlyTheOperatorTakesTheFinalizerAway) {
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["metadata"].erase("finalizers");
  ExpectRefused(bed_.Update("erin", old, now), Rule::kFinalizer,
                "the finalizer claviger.io/vault");
  ExpectAllowed(bed_.Update(bed_.settings.operator_user, old, now));
}

TEST_F(EscalationTest, OperatorItselfMayNotChangeWhatPeopleDecide) {
  const json old = bed_.Stored("Connection", "sales/warehouse");
  json now = old;
  now["spec"]["owner"] = UserJson("mallory");
  const std::string& robot = bed_.settings.operator_user;
  ExpectRefused(bed_.Update(robot, old, now), Rule::kOperator,
                "the operator may change finalizers");
  ExpectRefused(bed_.Delete(robot, old), Rule::kOperator, "nothing else");
  ExpectRefused(bed_.Create(robot, ConnectionJson("sales/x", "")),
                Rule::kOperator, "nothing else");
}

TEST_F(EscalationTest, ScopedAdministratorStaysInItsNamespaces) {
  bed_.settings.admins.push_back({{}, {"sales-admins"}, {"sales"}});
  bed_.Join("ada", {"sales-admins"});
  bed_.Store(ConnectionJson("hr/pay", "hanna"));
  ExpectAllowed(
      bed_.Delete("ada", bed_.Stored("Connection", "sales/warehouse")));
  ExpectRefused(bed_.Delete("ada", bed_.Stored("Connection", "hr/pay")),
                Rule::kPrivilege, "lacks manage");
  ExpectRefused(bed_.Delete("ada", bed_.Stored("Group", "finance")),
                Rule::kGroupAdmin, "not an admin of the group");
}

}  // namespace
}  // namespace claviger::op::webhook

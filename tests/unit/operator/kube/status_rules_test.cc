// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/status_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/limits.h"

#include "support/builders.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using op::Condition;
using op::ObjectId;
using op::ObjectKind;
using op::ObjectStatus;
using op::PassReport;

const ObjectId kWarehouse{ObjectKind::kConnection, {"sales", "warehouse"}};
const ObjectId kNightly{ObjectKind::kGrant, {"sales", "nightly"}};

class StatusRulesTest : public ::testing::Test {
 protected:
  ObjectStatus Of(const ObjectId& id, const model::Objects& objects) {
    access::SnapshotSettings settings = TestSettings().snapshot;
    settings.budgets = budgets_;
    const access::Snapshot snapshot(objects, settings);
    const access::Compiler compiler(snapshot, true);
    return op::StatusesOf({snapshot, compiler, settled_, report_, blocked_,
                           programmed_, now_,
                           op::CountAccess(snapshot, compiler, now_)})
        .at(id);
  }
  // "False/Suspended" of one condition.
  std::string Said(const ObjectId& id, const model::Objects& objects,
                   const std::string& type) {
    const ObjectStatus status = Of(id, objects);
    const Condition* found = status.Find(type);
    if (found == nullptr) return "absent";
    return std::string(found->holds ? "True/" : "False/") + found->reason;
  }

  const op::Footprint* settled_ = nullptr;
  PassReport report_;
  std::map<model::ObjectRef, std::vector<std::string>> blocked_;
  std::map<std::string, int64_t> programmed_;
  access::Budgets budgets_;
  Time now_ = kNow;
};

// nightly has room for one connection, and warehouse was there first.
model::Objects TwoConnections() {
  model::Objects objects = ManyConnections("sales", 2);
  for (size_t i = 0; i < 2; ++i) {
    const Time created = kNow - std::chrono::hours(10 - i);
    objects.connections[i].metadata.created = created;
    objects.grants[i].metadata.created = created;
  }
  return objects;
}

TEST_F(StatusRulesTest, AGrantThatThereIsNoRoomForSaysSo) {
  const ObjectId first{ObjectKind::kGrant, {"sales", "g0"}};
  const ObjectId second{ObjectKind::kGrant, {"sales", "g1"}};
  const ObjectId connection{ObjectKind::kConnection, {"sales", "c1"}};
  const model::Objects objects = TwoConnections();
  EXPECT_EQ(Said(second, objects, "Limited"), "absent");
  EXPECT_EQ(Of(connection, objects).counts.at("principals"), 2);
  budgets_.slots = 1;
  EXPECT_EQ(Said(first, objects, "Ready"), "True/Ready");
  EXPECT_EQ(Said(first, objects, "Limited"), "absent");
  EXPECT_EQ(Said(second, objects, "Limited"), "True/BudgetExceeded");
  EXPECT_EQ(Said(second, objects, "Ready"), "False/BudgetExceeded");
  const ObjectStatus status = Of(second, objects);
  EXPECT_EQ(status.counts.at("overBudget"), 1);
  EXPECT_THAT(status.Find("Limited")->message,
              ::testing::HasSubstr("service account reports/nightly"));
  // erin owns both, and has no room for the second either.
  EXPECT_EQ(Said(connection, objects, "Limited"), "True/BudgetExceeded");
  EXPECT_EQ(Of(connection, objects).counts.at("principals"), 0);
}

TEST_F(StatusRulesTest, AGrantToOneMoreWhoHasRoomIsReadyAndLimited) {
  model::Objects objects = TwoConnections();
  objects.grants[1].subjects.push_back(Account("finance/closer"));
  budgets_.slots = 1;
  const ObjectId second{ObjectKind::kGrant, {"sales", "g1"}};
  EXPECT_EQ(Said(second, objects, "Ready"), "True/Ready");
  EXPECT_EQ(Said(second, objects, "Limited"), "True/BudgetExceeded");
}

TEST_F(StatusRulesTest, SharingWithEveryoneThatDoesNotCountSaysSo) {
  model::Objects objects = TwoConnections();
  for (auto& one : objects.grants) one.subjects = {Everyone()};
  budgets_.open_per_namespace = 1;
  const ObjectId second{ObjectKind::kGrant, {"sales", "g1"}};
  EXPECT_EQ(Said({ObjectKind::kGrant, {"sales", "g0"}}, objects, "Limited"),
            "absent");
  EXPECT_EQ(Said(second, objects, "Limited"), "True/BudgetExceeded");
  EXPECT_EQ(Said(second, objects, "Ready"), "False/BudgetExceeded");
}

TEST_F(StatusRulesTest, OneEventTellsOfAChange) {
  ObjectStatus ready;
  ready.conditions = {{"Ready", true, "Ready", "", ""}};
  ObjectStatus limited = ready;
  limited.conditions.insert(limited.conditions.begin(),
                            {"Limited", true, "BudgetExceeded", "", ""});
  ObjectStatus nothing = limited;
  nothing.conditions[1] = {"Ready", false, "BudgetExceeded", "", ""};
  EXPECT_EQ(op::ChangeToTell(ready, ready), nullptr);
  EXPECT_EQ(op::ChangeToTell(limited, limited), nullptr);
  EXPECT_EQ(op::ChangeToTell(limited, ready), nullptr);
  EXPECT_EQ(op::ChangeToTell(ready, limited), &limited.conditions[0]);
  EXPECT_EQ(op::ChangeToTell(ready, nothing), &nothing.conditions[1]);
}

TEST_F(StatusRulesTest, ASoundObjectIsAcceptedProgrammedAndReady) {
  for (const ObjectId& id : {kWarehouse, kNightly}) {
    for (const std::string type : {"Accepted", "Programmed", "Ready"}) {
      EXPECT_EQ(Said(id, Quickstart(), type), "True/" + type);
    }
  }
}

// A Grant that gives nothing any more is in nobody's new document.
TEST_F(StatusRulesTest, WhatWasNotTakenAwayYetIsNotProgrammed) {
  const access::Snapshot before(Quickstart(), TestSettings().snapshot);
  const op::Footprint settled(access::Compiler(before, true));
  model::Objects objects = Quickstart();
  for (model::Grant& grant : objects.grants) {
    if (grant.metadata.name == "nightly") grant.suspended = true;
  }
  report_.failures = {{"sa.reports.nightly",
                       Error{ErrorCode::kPermissionDenied, "write policy"},
                       false}};
  settled_ = &settled;
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/VaultDenied");
  // As after a restart: it might be about any that is not known to be there.
  settled_ = nullptr;
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/VaultDenied");
  report_.failures[0].permanent = true;
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/Suspended");
}

TEST_F(StatusRulesTest, CountsGrantsAndWhoCanUseIt) {
  const ObjectStatus status = Of(kWarehouse, Quickstart());
  EXPECT_EQ(status.counts.at("grants"), 2);
  // The two accounts that are granted, and erin.
  EXPECT_EQ(status.counts.at("principals"), 3);
}

TEST_F(StatusRulesTest, CountsEverybodyWhereAllMayUse) {
  model::Objects objects = Quickstart();
  objects.connections[0].sharing.mode = model::SharingMode::kOrganization;
  EXPECT_EQ(Of(kWarehouse, objects).counts.at("principals"), 3);
  objects.service_accounts = {{"other", "app"}};
  EXPECT_EQ(Of(kWarehouse, objects).counts.at("principals"), 4);
}

TEST_F(StatusRulesTest, ARefusedObjectSaysWhyAndWhatHelps) {
  model::Objects objects = Quickstart();
  objects.connections[0].refused =
      model::Refusal{"PathNotAllowed", "not yours", "ask for it"};
  const ObjectStatus status = Of(kWarehouse, objects);
  EXPECT_EQ(status.Find("Accepted")->message, "not yours; ask for it");
  EXPECT_EQ(Said(kWarehouse, objects, "Ready"), "False/PathNotAllowed");
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/ConnectionNotReady");
}

TEST_F(StatusRulesTest, AGrantOnNothingSaysSo) {
  model::Objects objects = Quickstart();
  objects.connections.clear();
  EXPECT_EQ(Said(kNightly, objects, "Accepted"), "False/ConnectionNotFound");
}

TEST_F(StatusRulesTest, AGrantSaysWhyItIsNotInForceNow) {
  model::Objects objects = Quickstart();
  objects.grants[0].suspended = true;
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/Suspended");
  EXPECT_EQ(Said(kNightly, objects, "Accepted"), "True/Accepted");
  objects.grants[0].suspended = false;
  objects.grants[0].window.not_before = kNow + std::chrono::hours(1);
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/NotYetValid");
  objects.grants[0].window.not_before.reset();
  objects.grants[0].window.expires_at = kNow;
  EXPECT_EQ(Said(kNightly, objects, "Ready"), "False/Expired");
}

TEST_F(StatusRulesTest, AnInertGrantIsNotAccepted) {
  model::Objects objects = Quickstart();
  objects.grants[0].inert =
      model::Refusal{"ConnectionReplaced", "another object", "save it again"};
  EXPECT_EQ(Said(kNightly, objects, "Accepted"), "False/ConnectionReplaced");
}

TEST_F(StatusRulesTest, APrincipalThatFailedMarksItsObjectsOnly) {
  const access::Snapshot before(Quickstart(), TestSettings().snapshot);
  const op::Footprint settled(access::Compiler(before, true));
  settled_ = &settled;
  report_.failures = {{"sa.reports.nightly",
                       {ErrorCode::kPermissionDenied, "write policy: denied"},
                       false}};
  EXPECT_EQ(Said(kWarehouse, Quickstart(), "Programmed"), "False/VaultDenied");
  EXPECT_EQ(Said(kNightly, Quickstart(), "Programmed"), "False/VaultDenied");
  EXPECT_EQ(Said({ObjectKind::kGrant, {"sales", "closer"}}, Quickstart(),
                 "Programmed"),
            "True/Programmed");
}

TEST_F(StatusRulesTest, AConflictIsNamed) {
  report_.conflicts = {{"sa.reports.nightly", "a policy of another", "rename"}};
  EXPECT_EQ(Said(kNightly, Quickstart(), "Ready"), "False/Conflict");
}

TEST_F(StatusRulesTest, WithVaultAwayOnlyWhatWasProgrammedStaysSo) {
  report_.interrupted = Error{ErrorCode::kSealed, "vault is sealed"};
  model::Objects objects = Quickstart();
  objects.grants[0].metadata.generation = 2;
  objects.grants[0].metadata.uid = "uid-1";
  EXPECT_EQ(Said(kNightly, objects, "Programmed"), "False/VaultSealed");
  programmed_["uid-1"] = 1;
  EXPECT_EQ(Said(kNightly, objects, "Programmed"), "False/VaultSealed");
  programmed_["uid-1"] = 2;
  EXPECT_EQ(Said(kNightly, objects, "Programmed"), "True/Programmed");
}

TEST_F(StatusRulesTest, TheBrakeIsShownInItsNamespaceOnly) {
  report_.brakes = {{"sales", 20, 30, "sales-20", {}}};
  EXPECT_EQ(Said(kWarehouse, Quickstart(), "Programmed"), "False/MassDeletion");
  report_.brakes[0].ns = "other";
  EXPECT_EQ(Said(kWarehouse, Quickstart(), "Programmed"), "True/Programmed");
}

TEST_F(StatusRulesTest, ABlockedDeletionNamesItsUsers) {
  blocked_[{"sales", "warehouse"}] = {"a", "b", "c", "d", "e", "f", "g"};
  const ObjectStatus status = Of(kWarehouse, Quickstart());
  EXPECT_EQ(status.Find("Ready")->reason, "DeletionBlocked");
  EXPECT_NE(status.Find("Ready")->message.find("a, b, c, d, e and 2 more"),
            std::string::npos);
}

TEST_F(StatusRulesTest, GroupsCountNestedMembersAndSayTheirCycles) {
  model::Objects objects;
  objects.groups = {AGroup("all").With(InGroup("fin")).With(User("bob")),
                    AGroup("fin").With(User("bob")).With(User("eve"))};
  const ObjectId all{ObjectKind::kGroup, {"", "all"}};
  EXPECT_EQ(Of(all, objects).counts.at("members"), 2);
  EXPECT_EQ(Of(all, objects).counts.at("depth"), 1);
  objects.groups[1].members.push_back(InGroup("all"));
  EXPECT_EQ(Said(all, objects, "Accepted"), "False/GroupCycle");
}

}  // namespace
}  // namespace claviger::testing

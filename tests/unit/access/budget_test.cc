// SPDX-License-Identifier: Apache-2.0
//
// Budgets, one rule at a time: who stays, who finds no room, and that Denies
// and other people's rights are left alone.
#include "access/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/compile.h"
#include "access/explain.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Budgets;
using access::Caller;
using access::Compiler;
using access::Principal;
using access::Question;
using access::Snapshot;
using access::SourceName;
using model::CredentialMode;
using model::Privilege;
using model::SharingMode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Time At(int seconds) {
  return *ParseRfc3339("2026-12-01T00:00:00Z") + std::chrono::seconds(seconds);
}

const Caller kNightly = Caller::ServiceAccount("reports", "nightly");
const Principal kNightlyId = Principal::ServiceAccount("reports", "nightly");

Budgets Small(int slots, int namespaces = 64, int open = 100) {
  return {open, slots, namespaces};
}

// A Private connection with a default, created at that second.
AConnection Made(const std::string& ref, int second) {
  return AConnection(ref)
      .WithOwner(User("erin"))
      .WithMode(CredentialMode::kLayered)
      .WithDefault(Kv2("kv", "x"))
      .Created(At(second), "uid-" + ref);
}

AConnection Open(const std::string& ref, int second) {
  return Made(ref, second).Shared(SharingMode::kOrganization);
}

AGrant UseFor(const std::string& ref, const std::string& connection,
              int second) {
  return AGrant(ref, connection)
      .To(Account("reports/nightly"))
      .Allowing({Privilege::kUse})
      .Created(At(second), "uid-" + ref);
}

std::string Ask(const Snapshot& snapshot, const std::string& connection,
                const Caller& caller = kNightly) {
  const auto explanation =
      access::Explain(snapshot, caller, Ref(connection), Question(), At(100));
  return std::string(ToString(explanation.decision.reason));
}

std::string BudgetSteps(const Snapshot& snapshot,
                        const std::string& connection) {
  std::string text;
  for (const access::Step& step :
       access::Explain(snapshot, kNightly, Ref(connection), Question(), At(100))
           .steps) {
    if (step.step == "budget") text += step.result + "\n";
  }
  return text;
}

TEST(BudgetTest, WhoCameFirstStaysWhateverTheNamesAre) {
  model::Objects objects;
  objects.connections = {Made("sales/z", 0), Made("sales/a", 0)};
  objects.grants = {UseFor("sales/old", "z", 1), UseFor("sales/new", "a", 2)};
  const Snapshot snapshot = Judge(objects, Small(1));
  EXPECT_EQ(Ask(snapshot, "sales/z"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/a"), "NotVisible");
  EXPECT_EQ(BudgetSteps(snapshot, "sales/z"), "");
  EXPECT_THAT(BudgetSteps(snapshot, "sales/a"),
              HasSubstr("grant/new: BudgetExceeded: the caller has 1 "));
}

TEST(BudgetTest, OfTheSameSecondTheLowerUidStays) {
  model::Objects objects;
  objects.connections = {Made("sales/z", 0), Made("sales/a", 0)};
  objects.grants = {UseFor("sales/g1", "z", 1).Created(At(1), "a"),
                    UseFor("sales/g2", "a", 1).Created(At(1), "b")};
  const Snapshot snapshot = Judge(objects, Small(1));
  EXPECT_EQ(Ask(snapshot, "sales/z"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/a"), "NotVisible");
}

TEST(BudgetTest, InFilesNamesDecide) {
  model::Objects objects;
  objects.connections = {AConnection("b/c").WithDefault(Kv2("kv", "x")),
                         AConnection("a/c").WithDefault(Kv2("kv", "x"))};
  for (const char* ref : {"b/g", "a/g"}) {
    objects.grants.push_back(AGrant(ref, "c")
                                 .To(Account("reports/nightly"))
                                 .Allowing({Privilege::kUse}));
  }
  const Snapshot snapshot = Judge(objects, Small(1));
  EXPECT_EQ(Ask(snapshot, "a/c"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "b/c"), "NotVisible");
}

// A late Grant on an early connection is late.
TEST(BudgetTest, EachGrantHasItsOwnAge) {
  model::Objects objects;
  objects.connections = {Made("sales/early", 0), Made("sales/late", 5)};
  objects.grants = {
      UseFor("sales/first", "early", 1), UseFor("sales/second", "late", 6),
      UseFor("sales/third", "early", 7).WithCredential(Kv2("kv", "third"))};
  const Snapshot snapshot = Judge(objects, Small(2));
  EXPECT_EQ(Ask(snapshot, "sales/late"), "Allowed");
  const auto decided = access::Explain(snapshot, kNightly, Ref("sales/early"),
                                       Question(), At(100));
  EXPECT_EQ(decided.decision.slot, "default");
}

TEST(BudgetTest, ConnectionsOfMoreNamespacesFindNoRoom) {
  model::Objects objects;
  for (int i = 0; i < 4; ++i) {
    const std::string ns = "n" + std::to_string(9 - i);
    objects.connections.push_back(Made(ns + "/c", i));
    objects.grants.push_back(UseFor(ns + "/g", "c", i));
  }
  objects.connections.push_back(Made("n9/later", 10));
  objects.grants.push_back(UseFor("n9/later", "later", 10));
  const Snapshot snapshot = Judge(objects, Small(100, 2));
  EXPECT_EQ(Ask(snapshot, "n9/c"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "n8/c"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "n7/c"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, "n6/c"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, "n9/later"), "Allowed");
}

TEST(BudgetTest, TheDesignsNumbersAreTheUsualOnes) {
  model::Objects objects;
  for (int i = 0; i < 1'001; ++i) {
    const std::string name = "c" + std::to_string(i);
    objects.connections.push_back(Made("sales/" + name, i));
    objects.grants.push_back(UseFor("sales/" + name, name, i));
  }
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, "sales/c999"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/c1000"), "NotVisible");
  const Compiler compiler(snapshot, true);
  const auto document = compiler.Document(kNightlyId);
  EXPECT_EQ(document.bindings.size(), 1'000U);
  EXPECT_THAT(document.over_budget,
              ElementsAre(SourceName{Ref("sales/c1000"), "c1000"}));
}

TEST(BudgetTest, SixtyFourNamespacesAreTheUsualNumber) {
  model::Objects objects;
  for (int i = 0; i < 65; ++i) {
    const std::string ns = "n" + std::to_string(i);
    objects.connections.push_back(Made(ns + "/c", i));
    objects.grants.push_back(UseFor(ns + "/g", "c", i));
  }
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, "n63/c"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "n64/c"), "NotVisible");
}

TEST(BudgetTest, ADenyTakesNoRoomAndAlwaysCounts) {
  model::Objects objects;
  objects.connections = {Made("sales/a", 0), Open("sales/open", 0)};
  objects.grants = {UseFor("sales/use", "a", 3),
                    AGrant("sales/deny", "open")
                        .To(Account("reports/nightly"))
                        .Denying({Privilege::kUse})
                        .Created(At(1), "deny")};
  EXPECT_EQ(Ask(Judge(objects, Small(1)), "sales/a"), "Allowed");
  EXPECT_EQ(Ask(Judge(objects, Small(1)), "sales/open"), "Denied");
  EXPECT_EQ(Ask(Judge(objects, Small(0)), "sales/open"), "NotVisible");
}

TEST(BudgetTest, WhatAnAccountMayNotCarryTakesNoneOfItsRoom) {
  model::Objects objects;
  objects.connections = {Made("sales/gated", 0).ForWorkload("elsewhere"),
                         Made("sales/a", 0)};
  objects.grants = {UseFor("sales/g1", "gated", 1), UseFor("sales/g2", "a", 2)};
  EXPECT_EQ(Ask(Judge(objects, Small(1)), "sales/a"), "Allowed");
}

// Whoever may share with everyone takes no room from what names somebody, and
// the other way round.
TEST(BudgetTest, WhatIsOpenToAllHasABudgetOfItsOwn) {
  model::Objects objects;
  objects.connections = {Open("sales/z", 0), Open("sales/a", 1),
                         Made("sales/own", 2)};
  objects.grants = {UseFor("sales/use", "own", 3)};
  const Snapshot snapshot = Judge(objects, Small(1));
  EXPECT_EQ(Ask(snapshot, "sales/z"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/a"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, "sales/own"), "Allowed");
  EXPECT_THAT(BudgetSteps(snapshot, "sales/a"),
              HasSubstr("the connection itself: BudgetExceeded"));
  ASSERT_EQ(snapshot.problems().size(), 1U);
  EXPECT_THAT(snapshot.problems()[0].what, HasSubstr("BudgetExceeded: "));
}

TEST(BudgetTest, TheFirstOfANamespaceStayOpenToAll) {
  model::Objects objects;
  objects.connections = {Open("sales/z", 0), Open("sales/a", 1),
                         Open("hr/b", 2)};
  const Snapshot snapshot = Judge(objects, Small(10, 10, 1));
  EXPECT_EQ(Ask(snapshot, "sales/z"), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/a"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, "hr/b"), "Allowed");
}

TEST(BudgetTest, EveryGrantToEveryoneIsCounted) {
  model::Objects objects;
  objects.connections = {Open("sales/a", 0)};
  for (int i = 1; i < 4; ++i) {
    const std::string name = "g" + std::to_string(i);
    objects.grants.push_back(AGrant("sales/" + name, "a")
                                 .To(Everyone())
                                 .WithCredential(Kv2("kv", name))
                                 .Created(At(i), name));
  }
  const Snapshot snapshot = Judge(objects, Small(3));
  const Compiler compiler(snapshot, true);
  const auto& everyone = compiler.everyone_service_accounts().bindings;
  ASSERT_EQ(everyone.size(), 1U);
  EXPECT_EQ(everyone[0].grants.size(), 2U);
}

// Where both name the caller, what is over one budget may be in the other.
TEST(BudgetTest, AGrantToEveryoneAndSomebodyIsHeldToBoth) {
  model::Objects objects;
  objects.connections = {Made("sales/a", 0), Made("sales/b", 0)};
  objects.grants = {UseFor("sales/first", "a", 1),
                    UseFor("sales/both", "b", 2)
                        .To(Everyone())
                        .WithCredential(Kv2("kv", "both"))};
  const Snapshot snapshot = Judge(objects, Small(1));
  const auto decided =
      access::Explain(snapshot, kNightly, Ref("sales/b"), Question(), At(100));
  EXPECT_EQ(decided.decision.slot, "grant/both");
  EXPECT_EQ(decided.decision.depth, std::nullopt);
}

// An owner must be able to clear away what is too much.
TEST(BudgetTest, TakesAwayUseButNotTheRightToManage) {
  model::Objects objects;
  objects.connections = {Made("sales/a", 0), Made("sales/b", 1)};
  const Snapshot snapshot = Judge(objects, Small(1));
  const Caller erin = Caller::User("erin");
  EXPECT_EQ(Ask(snapshot, "sales/a", erin), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/b", erin), "NotVisible");
  const auto binding = access::ProjectUnbounded(snapshot, erin, Ref("sales/b"));
  ASSERT_TRUE(binding);
  EXPECT_TRUE(EffectivePrivileges(*binding, At(9)).Has(Privilege::kManage));
}

// The documents of a user's claim groups have a budget each.
TEST(BudgetTest, AClaimGroupsDocumentHasItsOwn) {
  model::Objects objects;
  objects.groups = {AGroup("red").Claiming("team", "red")};
  objects.connections = {Made("sales/a", 0), Made("sales/b", 0),
                         Made("sales/c", 0)};
  objects.grants = {AGrant("sales/a", "a")
                        .To(User("alice"))
                        .Allowing({Privilege::kUse})
                        .Created(At(1), "1"),
                    AGrant("sales/b", "b")
                        .To(InGroup("red"))
                        .Allowing({Privilege::kUse})
                        .Created(At(2), "2"),
                    AGrant("sales/c", "c")
                        .To(InGroup("red"))
                        .Allowing({Privilege::kUse})
                        .Created(At(3), "3")};
  const Snapshot snapshot = Judge(objects, Small(1));
  const Caller alice = Caller::User("alice", {{"team", {"red"}}});
  EXPECT_EQ(Ask(snapshot, "sales/a", alice), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/b", alice), "Allowed");
  EXPECT_EQ(Ask(snapshot, "sales/c", alice), "NotVisible");
}

}  // namespace
}  // namespace claviger::testing

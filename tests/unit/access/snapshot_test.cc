// SPDX-License-Identifier: Apache-2.0
//
// What the objects decide whoever asks: claims on paths, refusals, who may
// share with everybody.
#include "access/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/explain.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Question;
using access::Snapshot;
using access::SnapshotSettings;
using model::CredentialMode;
using model::Privilege;
using model::SharingMode;
using ::testing::HasSubstr;

Time At(int seconds) {
  return *ParseRfc3339("2026-12-01T00:00:00Z") + std::chrono::seconds(seconds);
}

// "Allowed default", "NotReady", ... of an inject question, without more.
std::string Ask(const Snapshot& snapshot, const Caller& caller,
                const std::string& connection,
                access::Delivery delivery = access::Delivery::kInject) {
  Question question;
  question.delivery = delivery;
  question.carrier = Ref("sales/web");
  const access::Explanation explanation =
      access::Explain(snapshot, caller, Ref(connection), question, At(0));
  std::string text(ToString(explanation.decision.reason));
  if (!explanation.decision.slot.empty()) {
    text += " " + explanation.decision.slot;
  }
  return text;
}

// Why a connection is NotReady; empty if it is not.
std::string RefusalOf(const Snapshot& snapshot, const std::string& connection) {
  const auto& refused = snapshot.facts(snapshot.Find(Ref(connection)))->refused;
  return refused ? refused->reason : "";
}

AConnection Open(const std::string& ref, const std::string& owner) {
  return AConnection(ref)
      .WithOwner(User(owner))
      .Shared(SharingMode::kOrganization)
      .WithMode(CredentialMode::kLayered)
      .Disclosable();
}

const Caller kAlice = Caller::User("alice");

TEST(ClaimsTest, APathBelongsToTheEarlierConnection) {
  model::Objects objects;
  objects.connections = {Open("sales/later", "mallory")
                             .WithDefault(Kv2("secret", "sales/dw"))
                             .Created(At(-10), "a"),
                         Open("sales/sooner", "erin")
                             .WithDefault(Kv2("secret", "sales/dw"))
                             .Created(At(-20), "b"),
                         Open("sales/third", "erin")
                             .WithDefault(Kv2("secret", "sales/dw"))
                             .Created(At(-5), "c")};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/sooner"), "Allowed default");
  EXPECT_EQ(RefusalOf(snapshot, "sales/later"), "PathClaimed");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/later"), "NotReady");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/third"), "Allowed default");
}

TEST(ClaimsTest, TheUidDecidesWhereTheTimeIsTheSame) {
  model::Objects objects;
  objects.connections = {Open("a/a", "mallory")
                             .WithDefault(Kv2("secret", "dw"))
                             .Created(At(-10), "uid-2"),
                         Open("z/z", "erin")
                             .WithDefault(Kv2("secret", "dw"))
                             .Created(At(-10), "uid-1")};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(RefusalOf(snapshot, "a/a"), "PathClaimed");
  EXPECT_EQ(RefusalOf(snapshot, "z/z"), "");
}

TEST(ClaimsTest, TheNameDecidesInFiles) {
  model::Objects objects;
  objects.connections = {
      Open("z/a", "mallory").WithDefault(Kv2("secret", "dw")),
      Open("a/z", "erin").WithDefault(Kv2("secret", "dw"))};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(RefusalOf(snapshot, "z/a"), "PathClaimed");
  EXPECT_EQ(RefusalOf(snapshot, "a/z"), "");
}

// One API path under several spellings is one path.
TEST(ClaimsTest, GoByTheApiPathWhateverTheEngine) {
  for (const model::VaultRef& alias :
       {AnyRead("secret", "data/sales/dw"), AnyRead("secret/data", "sales/dw"),
        Kv1("secret", "data/sales/dw"), Kv1("secret/data/sales", "dw")}) {
    model::Objects objects;
    objects.connections = {
        Open("a/a", "erin").WithDefault(Kv2("secret", "sales/dw")),
        Open("b/b", "mallory").WithDefault(alias)};
    EXPECT_EQ(RefusalOf(Judge(objects), "b/b"), "PathClaimed") << Text(alias);
  }
}

TEST(ClaimsTest, AGrantOnAPathOfAnotherOwnerGivesNothing) {
  model::Objects objects;
  objects.connections = {
      Open("a/a", "erin").WithDefault(Kv2("secret", "sales/dw")),
      Open("b/b", "mallory")};
  objects.grants = {AGrant("b/steal", "b")
                        .To(User("mallory"))
                        .Allowing({Privilege::kReadSecret})
                        .WithCredential(Kv2("secret", "sales/dw"))};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, Caller::User("mallory"), "b/b"), "NoCredential");
  EXPECT_EQ(Ask(snapshot, kAlice, "a/a"), "Allowed default");
  ASSERT_EQ(snapshot.problems().size(), 1U);
  EXPECT_THAT(ToString(snapshot.problems()[0]), HasSubstr("PathClaimed"));
}

// A path that only a Grant names is taken too, by its Connection's owner.
TEST(ClaimsTest, ALaterConnectionCannotTakeThePathOfAGrant) {
  model::Objects objects;
  objects.connections = {Open("z/victim", "erin").Created(At(-30), "a"),
                         Open("a/attacker", "mallory")
                             .WithDefault(Kv2("secret", "sales/fin"))
                             .Created(At(-10), "b")};
  objects.grants = {AGrant("z/fin", "victim")
                        .To(User("alice"))
                        .WithCredential(Kv2("secret", "sales/fin"))
                        .Created(At(-20), "c")};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, kAlice, "z/victim"), "Allowed grant/fin");
  EXPECT_EQ(RefusalOf(snapshot, "a/attacker"), "PathClaimed");
}

TEST(ClaimsTest, ALaterGrantCannotTakeThePathOfAGrant) {
  model::Objects objects;
  objects.connections = {Open("z/victim", "erin").Created(At(-30), "a"),
                         Open("a/attacker", "mallory").Created(At(-30), "b")};
  for (const char* ref : {"a/attacker", "z/victim"}) {
    objects.grants.push_back(AGrant(Ref(ref).ns + "/fin", Ref(ref).name)
                                 .To(User("alice"))
                                 .WithCredential(Kv2("secret", "sales/fin"))
                                 .Created(At(*ref == 'a' ? -10 : -20), ref));
  }
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, kAlice, "z/victim"), "Allowed grant/fin");
  EXPECT_EQ(Ask(snapshot, kAlice, "a/attacker"), "NoCredential");
}

// Or else naming somebody's path in a mount that is not one's own would be
// enough to take it from them.
TEST(ClaimsTest, WhatMayNotNameAPathDoesNotClaimIt) {
  SnapshotSettings settings;
  settings.paths.allow_all = false;
  settings.paths.mounts = {{"secret", model::Engine::kKv2, {"{namespace}/+"}}};
  model::Objects objects;
  objects.connections = {
      Open("a/a", "mallory").WithDefault(Kv2("secret", "sales/dw")),
      Open("sales/dw", "erin").WithDefault(Kv2("secret", "sales/dw"))};
  const Snapshot snapshot(objects, settings);
  EXPECT_EQ(RefusalOf(snapshot, "a/a"), "PathNotAllowed");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/dw"), "Allowed default");
}

// An owner's mistake must not hand the path to the next in line.
TEST(ClaimsTest, AnInvalidConnectionKeepsItsPath) {
  model::Objects objects;
  objects.connections = {
      Open("a/a", "erin").WithDefault(Kv2("secret", "sales/dw")).Refused(),
      Open("b/b", "mallory").WithDefault(Kv2("secret", "sales/dw"))};
  EXPECT_EQ(RefusalOf(Judge(objects), "b/b"), "PathClaimed");
}

TEST(ClaimsTest, ConnectionsOfOneOwnerShareAPath) {
  model::Objects objects;
  objects.connections = {Open("a/a", "erin").WithDefault(Kv2("secret", "dw")),
                         Open("b/b", "erin").WithDefault(Kv2("secret", "dw"))};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(RefusalOf(snapshot, "a/a") + RefusalOf(snapshot, "b/b"), "");
}

// The owners' names are equal, but one is a user and the other an account.
TEST(ClaimsTest, OwnersOfDifferentKindsAreDifferent) {
  model::Objects objects;
  objects.connections = {AConnection("a/a")
                             .WithOwner(User("erin"))
                             .WithDefault(Kv2("secret", "dw")),
                         AConnection("b/b")
                             .WithOwner(InGroup("erin"))
                             .WithDefault(Kv2("secret", "dw"))};
  EXPECT_EQ(RefusalOf(Judge(objects), "b/b"), "PathClaimed");
}

// Said on one slot, it holds for the path, wherever else it is named.
TEST(ServerSideOnlyTest, SpreadsToEverySlotOfThePath) {
  const model::VaultRef path = Kv2("secret", "dw");
  model::VaultRef pinned = path;
  pinned.version = 2;
  const auto disclose = [&](const std::vector<model::Grant>& grants,
                            std::optional<model::Connection> other = {}) {
    model::Objects objects;
    objects.connections = {Open("a/a", "erin").WithDefault(path)};
    if (other) objects.connections.push_back(*other);
    objects.grants = grants;
    return Ask(Judge(objects), kAlice, "a/a", access::Delivery::kDisclose);
  };
  const auto grant = [](const model::VaultRef& ref) {
    return AGrant("a/g", "a").To(User("bob")).WithCredential(ref, 0, true);
  };
  EXPECT_EQ(disclose({}), "Allowed default");
  EXPECT_EQ(disclose({grant(path)}), "ServerSideOnly");
  EXPECT_EQ(disclose({grant(pinned)}), "ServerSideOnly");
  EXPECT_EQ(disclose({grant(AnyRead("secret", "data/dw"))}), "ServerSideOnly");
  EXPECT_EQ(disclose({grant(path).Suspended()}), "ServerSideOnly");
  EXPECT_EQ(disclose({grant(path).Until(At(-1))}), "ServerSideOnly");
  EXPECT_EQ(disclose({grant(Kv2("secret", "dw2"))}), "Allowed default");
  EXPECT_EQ(
      disclose({},
               AConnection("b/b").WithOwner(User("erin")).WithDefault(path)),
      "ServerSideOnly");
  EXPECT_EQ(disclose({}, AConnection("b/b").WithOwner(User("erin"))),
            "Allowed default");
}

TEST(RefusedObjectsTest, AnInvalidDenyMakesItsConnectionNotReady) {
  const auto ask = [](const model::Grant& grant) {
    model::Objects objects;
    objects.connections = {Open("a/a", "erin").WithDefault(Kv2("kv", "x"))};
    objects.grants = {grant};
    return Ask(Judge(objects), kAlice, "a/a");
  };
  const AGrant deny =
      AGrant("a/g", "a").To(User("bob")).Denying({Privilege::kUse});
  EXPECT_EQ(ask(deny), "Allowed default");
  EXPECT_EQ(ask(AGrant(deny).Refused()), "NotReady");
  EXPECT_EQ(ask(AGrant(deny).Refused().Suspended()), "NotReady");
  EXPECT_EQ(ask(AGrant("a/g", "a").To(User("bob")).Refused()),
            "Allowed default");
}

TEST(RefusedObjectsTest, ADenyThatCannotBeReadMakesItsConnectionNotReady) {
  model::Objects objects;
  objects.connections = {Open("a/a", "erin").WithDefault(Kv2("kv", "x")),
                         Open("a/b", "erin").WithDefault(Kv2("kv", "x"))};
  objects.broken_denies = {{"torn", {"a", "a"}, {}}};
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, kAlice, "a/a"), "NotReady");
  EXPECT_EQ(Ask(snapshot, kAlice, "a/b"), "Allowed default");
}

TEST(RefusedObjectsTest, AnInvalidAllowGivesNothing) {
  model::Objects objects;
  objects.connections = {AConnection("a/a").WithDefault(Kv2("kv", "x"))};
  objects.grants = {
      AGrant("a/g", "a").To(User("alice")).Allowing({Privilege::kUse})};
  EXPECT_EQ(Ask(Judge(objects), kAlice, "a/a"), "Allowed default");
  objects.grants[0].refused = model::Refusal{"InvalidSpec", "", ""};
  EXPECT_EQ(Ask(Judge(objects), kAlice, "a/a"), "NotVisible");
}

TEST(RefusedObjectsTest, TellsNobodyWhoMayNotUseItThatItIsNotReady) {
  model::Objects objects;
  objects.connections = {AConnection("a/a").WithOwner(User("erin")).Refused()};
  EXPECT_EQ(Ask(Judge(objects), kAlice, "a/a"), "NotVisible");
  EXPECT_EQ(Ask(Judge(objects), Caller::User("erin"), "a/a"), "NotReady");
}

TEST(OrganizationTest, OnlyListedNamespacesShareWithEverybody) {
  SnapshotSettings settings;
  settings.organization_from = {"sales"};
  model::Objects objects;
  for (const char* ns : {"sales", "sales-eu"}) {
    const std::string name(ns);
    objects.connections.push_back(
        Open(name + "/shared", "erin").WithDefault(Kv2("kv", "x")));
    objects.connections.push_back(AConnection(name + "/granted")
                                      .WithOwner(User("erin"))
                                      .WithDefault(Kv2("kv", "x")));
    objects.connections.push_back(
        Open(name + "/narrow", "erin")
            .Shared(SharingMode::kOrganization, {"staff"}));
    objects.grants.push_back(AGrant(name + "/all", "granted")
                                 .To(Everyone())
                                 .Allowing({Privilege::kUse}));
  }
  objects.groups = {AGroup("staff").With(User("alice"))};
  const Snapshot snapshot(objects, settings);
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/shared"), "Allowed default");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/granted"), "Allowed default");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales-eu/shared"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales-eu/granted"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales-eu/narrow"), "NoCredential");
  EXPECT_EQ(Ask(snapshot, Caller::User("erin"), "sales-eu/shared"),
            "Allowed default");
}

TEST(OrganizationTest, ADenyToEveryoneCountsWhereverItComesFrom) {
  SnapshotSettings settings;
  settings.organization_from = {};
  model::Objects objects;
  objects.connections = {
      AConnection("a/a").WithOwner(User("erin")).WithDefault(Kv2("kv", "x"))};
  objects.grants = {
      AGrant("a/g", "a").To(Everyone()).Denying({Privilege::kUse})};
  EXPECT_EQ(Ask(Snapshot(objects, settings), Caller::User("erin"), "a/a"),
            "Denied");
}

TEST(OrganizationTest, AHundredConnectionsOfANamespaceAreOpenAndNoMore) {
  model::Objects objects;
  for (int i = 0; i < 101; ++i) {
    objects.connections.push_back(
        Open("sales/c" + std::to_string(1000 + i), "erin")
            .WithDefault(Kv2("kv", "x")));
  }
  objects.connections.push_back(
      Open("hr/c", "erin").WithDefault(Kv2("kv", "x")));
  const Snapshot snapshot = Judge(objects);
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/c1099"), "Allowed default");
  EXPECT_EQ(Ask(snapshot, kAlice, "sales/c1100"), "NotVisible");
  EXPECT_EQ(Ask(snapshot, kAlice, "hr/c"), "Allowed default");
}

// Two Grants may make the caller's window end at different times.
TEST(WindowsTest, CountFromTheirStartUpToTheirEnd) {
  model::Objects objects;
  objects.connections = {AConnection("a/a").WithDefault(Kv2("kv", "x"))};
  objects.grants = {AGrant("a/g", "a")
                        .To(User("alice"))
                        .Allowing({Privilege::kUse})
                        .From(At(10))
                        .Until(At(20))};
  const Snapshot snapshot = Judge(objects);
  const auto at = [&snapshot](Time now) {
    return Text(access::Explain(snapshot, kAlice, Ref("a/a"), Question(), now)
                    .decision);
  };
  const std::string given =
      "Allowed default from kv2 kv/data/x until 2026-12-01T00:00:20Z";
  const auto tick = std::chrono::milliseconds(1);
  EXPECT_EQ(at(At(10) - tick), "NotVisible");
  EXPECT_EQ(at(At(10)), given);
  EXPECT_EQ(at(At(20) - tick), given);
  EXPECT_EQ(at(At(20)), "NotVisible");
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Compiling a slice gives what compiling everything gives, whatever was edited:
// random edits of random worlds, both ways, compared byte for byte.
#include "access/object_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "access/compile.h"
#include "access/policy.h"
#include "support/builders.h"
#include "support/world.h"

namespace claviger::testing {
namespace {

using access::Compiler;
using access::Concerned;
using access::Edits;
using access::ObjectIndex;
using access::Principal;
using access::Snapshot;
using access::SnapshotSettings;

/// What each principal has in Vault, and what became of each object.
struct Compiled {
  std::map<Principal, std::string> principals;
  std::map<std::string, std::string> objects;
  std::map<std::string, std::string> reached;  // whom each Connection reaches
};

std::string Text(const std::optional<model::Refusal>& refusal) {
  return refusal ? refusal->reason + refusal->detail : "sound";
}

std::string ConnectionName(const model::ObjectRef& ref) {
  return "Connection " + ToString(ref);
}

// `only`: whose are wanted; null for everyone's.
Compiled Compile(model::Objects objects, const SnapshotSettings& settings,
                 Time now, const std::set<Principal>* only) {
  access::VaultLayout layout;
  layout.cluster = "prod";
  layout.user_auth_mount = "users";
  const Snapshot snapshot(std::move(objects), settings);
  const Compiler compiler(snapshot, true);
  Compiled compiled;
  for (const Principal& one : compiler.principals()) {
    const access::BindingsDocument document = compiler.Document(one);
    for (const access::Binding& binding : document.bindings) {
      compiled.reached[ConnectionName(binding.facts->ref)] += IdOf(one) + " ";
    }
    if (only != nullptr && only->count(one) == 0) continue;
    std::string text;
    const auto parts = EncodeBindings(document);
    for (const std::string& part : parts) text += part + "\n";
    const auto paths = compiler.CredentialPaths(one, document, now);
    const auto policy =
        access::PolicyText(layout, one, static_cast<int>(parts.size()), paths);
    text += policy ? *policy : policy.error().message;
    compiled.principals.emplace(one, std::move(text));
  }
  for (const model::Connection& one : snapshot.connections()) {
    compiled.objects[ConnectionName(one.ref())] = Text(one.refused);
  }
  for (const model::Grant& one : snapshot.grants()) {
    compiled.objects["Grant of " + ConnectionName(one.connection_ref())] +=
        one.metadata.name + Text(one.refused) + Text(one.inert);
  }
  return compiled;
}

// An object of another world, in place of one here or beside the others: names
// are few, so it collides with much.
Edits RandomEdit(Dice& dice, const model::Objects& here,
                 const model::Objects& other) {
  Edits edits;
  if (dice.Chance(35) && !other.connections.empty()) {
    edits.connections.push_back(std::make_shared<const model::Connection>(
        dice.Pick(other.connections)));
  } else if (dice.Chance(60) && !other.grants.empty()) {
    model::Grant grant = dice.Pick(other.grants);
    if (dice.Chance(50) && !here.grants.empty()) {
      // An edit of one that is there.
      grant.metadata = dice.Pick(here.grants).metadata;
    }
    edits.grants.push_back(std::make_shared<const model::Grant>(grant));
  } else if (dice.Chance(30)) {
    // Made anew, or deleted.
    edits.account_uids[dice.Pick(WorldAccounts())] =
        dice.Chance(70) ? "uid-" + std::to_string(dice.Below(1'000)) : "";
  } else if (dice.Chance(15)) {
    edits.service_accounts = here.service_accounts;
    edits.service_accounts->push_back(dice.Pick(WorldAccounts()));
  } else if (!here.grants.empty()) {
    const model::Grant& grant = dice.Pick(here.grants);
    edits.ended.push_back(model::EndedOf("Grant", grant.metadata));
  }
  return edits;
}

void ExpectSame(const Concerned& concerned, const ObjectIndex& index,
                const Compiled& before, const SnapshotSettings& settings,
                Time now, const std::string& world) {
  const Compiled after = Compile(index.All(), settings, now, nullptr);
  const Compiled slice =
      Compile(index.Slice(concerned), settings, now, &concerned.principals);
  for (const Principal& one : concerned.principals) {
    const auto whole = after.principals.find(one);
    const auto part = slice.principals.find(one);
    ASSERT_EQ(whole == after.principals.end(), part == slice.principals.end())
        << IdOf(one) << "\n"
        << world;
    if (whole != after.principals.end()) {
      ASSERT_EQ(whole->second, part->second) << IdOf(one) << "\n" << world;
    }
  }
  Compiled unconcerned_before = before;
  Compiled unconcerned_after = after;
  for (Compiled* one : {&unconcerned_before, &unconcerned_after}) {
    for (const Principal& principal : concerned.principals) {
      one->principals.erase(principal);
    }
    for (const model::ObjectRef& ref : concerned.connections) {
      one->objects.erase(ConnectionName(ref));
      one->objects.erase("Grant of " + ConnectionName(ref));
    }
  }
  ASSERT_EQ(unconcerned_before.principals, unconcerned_after.principals)
      << world;
  ASSERT_EQ(unconcerned_before.objects, unconcerned_after.objects) << world;
  for (const model::ObjectRef& ref : concerned.connections) {
    const std::string reaching = ConnectionName(ref);
    ASSERT_EQ(after.reached.count(reaching) == 0,
              slice.reached.count(reaching) == 0);
    if (after.reached.count(reaching) > 0) {
      ASSERT_EQ(after.reached.at(reaching), slice.reached.at(reaching))
          << world;
    }
    for (const std::string& name :
         {ConnectionName(ref), "Grant of " + ConnectionName(ref)}) {
      const auto whole = after.objects.find(name);
      const auto part = slice.objects.find(name);
      ASSERT_EQ(whole == after.objects.end(), part == slice.objects.end());
      if (whole != after.objects.end()) {
        ASSERT_EQ(whole->second, part->second) << world;
      }
    }
  }
}

TEST(ObjectIndexTest, ASliceGivesWhatEverythingGives) {
  constexpr uint64_t kWorlds = 1'500;
  constexpr int kEdits = 4;
  int narrow = 0;
  for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
    World world = RandomWorld(seed);
    world.objects.account_uids[WorldAccounts().front()] = "uid-at-first";
    Dice dice(seed + 7);
    SnapshotSettings settings;
    settings.budgets.slots = dice.Between(2, 12);
    settings.budgets.namespaces = dice.Between(1, 4);
    settings.budgets.open_per_namespace = dice.Between(1, 3);
    ObjectIndex index(access::Share(world.objects), true, {});
    for (int i = 0; i < kEdits; ++i) {
      const model::Objects here = index.All();
      const World other = RandomWorld(seed * 1'000 + static_cast<uint64_t>(i));
      const Compiled before = Compile(here, settings, world.now, nullptr);
      const auto concerned = index.Apply(RandomEdit(dice, here, other.objects));
      if (!concerned) continue;
      ++narrow;
      ExpectSame(*concerned, index, before, settings, world.now,
                 "seed " + std::to_string(seed) + ", edit " +
                     std::to_string(i) + "\n" + Describe(here) +
                     "afterwards\n" + Describe(index.All()));
      if (HasFatalFailure()) return;
    }
  }
  // Worth asking: not every edit is about everyone.
  EXPECT_GT(narrow, 1'000);
}

TEST(ObjectIndexTest, AnEditConcernsWhomTheGrantNamedBeforeAndNamesNow) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse"),
                         AConnection("sales/other")};
  objects.grants = {AGrant("sales/readers", "warehouse").To(Account("a/one")),
                    AGrant("sales/others", "other").To(Account("a/three"))};
  ObjectIndex index(access::Share(objects), false, {});
  const model::Grant moved =
      AGrant("sales/readers", "warehouse").To(Account("a/two"));
  const auto concerned =
      index.Apply({{}, {std::make_shared<const model::Grant>(moved)}, {}, {}});
  ASSERT_TRUE(concerned);
  EXPECT_EQ(concerned->principals,
            (std::set<Principal>{Principal::ServiceAccount("a", "one"),
                                 Principal::ServiceAccount("a", "two")}));
  EXPECT_EQ(index.Slice(*concerned).connections.size(), 1U);
}

TEST(ObjectIndexTest, AGrantConcernsItsOwnSubjectsAndNotTheConnectionsOthers) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse")};
  objects.grants = {AGrant("sales/readers", "warehouse").To(Account("a/one"))};
  ObjectIndex index(access::Share(objects), false, {});
  const auto concerns = [&](const model::Grant& grant) {
    const auto concerned = index.Apply(
        {{}, {std::make_shared<const model::Grant>(grant)}, {}, {}});
    return concerned ? concerned->principals : std::set<Principal>();
  };
  const auto one = Principal::ServiceAccount("a", "one");
  const auto two = Principal::ServiceAccount("a", "two");
  model::Grant grant = AGrant("sales/more", "warehouse").To(Account("a/two"));
  EXPECT_EQ(concerns(grant), std::set<Principal>{two});
  // A Vault path may be named by others, too.
  grant.credential = model::Grant(AGrant("sales/more", "warehouse")
                                      .WithCredential(Kv2("secret", "shared")))
                         .credential;
  EXPECT_EQ(concerns(grant), (std::set<Principal>{one, two}));
  grant.credential.reset();
  EXPECT_EQ(concerns(grant), (std::set<Principal>{one, two}));
  EXPECT_EQ(concerns(grant), std::set<Principal>{two});
  grant.effect = model::Effect::kDeny;
  grant.subjects = {Everyone()};
  EXPECT_EQ(concerns(grant), (std::set<Principal>{one, two}));
}

TEST(ObjectIndexTest, AnEditConcernsWhoeverNamesTheSameVaultPath) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse").WithOwner(User("erin")),
                         AConnection("hr/people").WithOwner(User("bob"))};
  objects.grants = {AGrant("sales/readers", "warehouse")
                        .To(Account("a/one"))
                        .WithCredential(Kv2("secret", "shared")),
                    AGrant("hr/readers", "people").To(Account("a/two"))};
  ObjectIndex index(access::Share(objects), false, {});
  const model::Grant claims = AGrant("hr/readers", "people")
                                  .To(Account("a/two"))
                                  .WithCredential(Kv2("secret", "shared"));
  const auto concerned =
      index.Apply({{}, {std::make_shared<const model::Grant>(claims)}, {}, {}});
  ASSERT_TRUE(concerned);
  EXPECT_EQ(
      concerned->connections,
      (std::set<model::ObjectRef>{{"hr", "people"}, {"sales", "warehouse"}}));
  EXPECT_EQ(concerned->principals.count(Principal::ServiceAccount("a", "one")),
            1U);
}

TEST(ObjectIndexTest, AWindowConcernsItsGrantOnly) {
  const Time opens{std::chrono::seconds(1'000)};
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse"),
                         AConnection("sales/other")};
  objects.grants = {
      AGrant("sales/readers", "warehouse").To(Account("a/one")).From(opens),
      AGrant("sales/others", "other").To(Account("a/three"))};
  const ObjectIndex index(access::Share(objects), false, {});
  const Time before = opens - std::chrono::seconds(1);
  EXPECT_EQ(index.NextTransition(before), opens);
  EXPECT_EQ(index.NextTransition(opens), std::nullopt);
  const auto concerned = index.ConcernedBetween(before, opens);
  ASSERT_TRUE(concerned);
  EXPECT_EQ(concerned->principals,
            std::set<Principal>{Principal::ServiceAccount("a", "one")});
}

TEST(ObjectIndexTest, AnAccountMadeAnewConcernsItselfAlone) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse")};
  objects.grants = {AGrant("sales/readers", "warehouse")
                        .To(Account("a/one"))
                        .To(Account("a/two"))};
  objects.account_uids[{"a", "one"}] = "first";
  ObjectIndex index(access::Share(objects), false, {});
  const auto uid_of_one = [&](const Concerned& concerned) {
    const auto uids = index.Slice(concerned).account_uids;
    const auto found = uids.find({"a", "one"});
    return found == uids.end() ? "(none)" : found->second;
  };
  Edits edits;
  edits.account_uids[{"a", "one"}] = "second";
  const auto anew = index.Apply(edits);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->principals,
            std::set<Principal>{Principal::ServiceAccount("a", "one")});
  EXPECT_EQ(uid_of_one(*anew), "second");
  edits.account_uids[{"a", "one"}] = "";
  const auto deleted = index.Apply(edits);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->principals, anew->principals);
  EXPECT_EQ(uid_of_one(*deleted), "(none)");
}

TEST(ObjectIndexTest, AnAccountThatNobodyNamesConcernsNobody) {
  model::Objects objects;
  objects.connections = {AConnection("sales/warehouse")};
  ObjectIndex index(access::Share(objects), false, {});
  Edits edits;
  edits.account_uids[{"a", "stranger"}] = "u";
  const auto concerned = index.Apply(edits);
  ASSERT_TRUE(concerned);
  EXPECT_TRUE(concerned->principals.empty());
  // Until an object does.
  Edits grant;
  grant.grants.push_back(std::make_shared<const model::Grant>(
      AGrant("sales/readers", "warehouse").To(Account("a/stranger"))));
  const auto named = index.Apply(grant);
  ASSERT_TRUE(named);
  const auto uids = index.Slice(*named).account_uids;
  EXPECT_EQ(uids.at(model::ObjectRef{"a", "stranger"}), "u");
}

TEST(ObjectIndexTest, WhatEveryoneMeetsConcernsEveryone) {
  model::Objects objects;
  objects.connections = {
      AConnection("sales/warehouse").Shared(model::SharingMode::kOrganization)};
  ObjectIndex index(access::Share(objects), false, {});
  const model::Grant grant =
      AGrant("sales/readers", "warehouse").To(Account("a/two"));
  EXPECT_FALSE(
      index.Apply({{}, {std::make_shared<const model::Grant>(grant)}, {}, {}}));
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Budgets on random worlds that are often over them: whatever the order, no
// newcomer and no Deny takes anything from what was there, and nothing is ever
// wider for it. That documents and objects agree is documents_test.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "access/compile.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Budgets;
using access::Caller;
using access::Compiler;
using access::Principal;
using access::Snapshot;
using access::SourceName;
using model::Effect;

constexpr uint64_t kWorlds = 500;

// What finds no room: by principal, and what is not open to everyone.
using Over = std::map<std::string, std::set<SourceName>>;

Over OverOf(const Snapshot& snapshot,
            const std::vector<Principal>& principals) {
  Over over;
  const Compiler compiler(snapshot, true);
  for (const Principal& principal : principals) {
    const auto names = compiler.Document(principal).over_budget;
    if (!names.empty()) {
      over[IdOf(principal)] = {names.begin(), names.end()};
    }
  }
  for (const auto& [source, why] : snapshot.openness().closed()) {
    over["everyone"].insert(snapshot.NameOf(source));
  }
  return over;
}

Over OverOf(const Snapshot& snapshot) {
  return OverOf(snapshot, Compiler(snapshot, true).principals());
}

template <typename Check>
void ForWorlds(uint64_t first_seed, Check check) {
  for (uint64_t seed = first_seed; seed < first_seed + kWorlds; ++seed) {
    check(RandomWorld(seed), TinyBudgets(seed), seed);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(BudgetPropertiesTest, TheWorldsAreOftenOverThem) {
  int by_name = 0;
  int by_everyone = 0;
  ForWorlds(4'000'000,
            [&](const World& world, const Budgets& budgets, uint64_t) {
              const Over over = OverOf(Judge(world.objects, budgets));
              const int everyone = over.count("everyone") > 0 ? 1 : 0;
              by_everyone += everyone;
              by_name += over.size() > static_cast<size_t>(everyone) ? 1 : 0;
            });
  EXPECT_GT(by_name, static_cast<int>(kWorlds / 3));
  EXPECT_GT(by_everyone, static_cast<int>(kWorlds / 5));
}

TEST(BudgetPropertiesTest, TheOrderOfObjectsNeverMatters) {
  ForWorlds(4'100'000,
            [](const World& world, const Budgets& budgets, uint64_t seed) {
              World other = world;
              Dice dice(seed);
              dice.Shuffle(other.objects.connections);
              dice.Shuffle(other.objects.grants);
              dice.Shuffle(other.objects.groups);
              EXPECT_EQ(OverOf(Judge(world.objects, budgets)),
                        OverOf(Judge(other.objects, budgets)))
                  << Describe(world);
            });
}

// A Grant made later than everything else, to anybody and everybody.
TEST(BudgetPropertiesTest, ANewcomerPushesNobodyOut) {
  ForWorlds(4'200'000, [](const World& world, const Budgets& budgets,
                          uint64_t seed) {
    const auto& connections = world.objects.connections;
    if (!connections.front().metadata.created) return;  // files: by name
    World later = world;
    Dice dice(seed);
    const model::ObjectRef on = dice.Pick(connections).ref();
    const Time soon = world.now + std::chrono::hours(1);
    AGrant grant(on.ns + "/newcomer", on.name);
    for (const model::Group& group : world.objects.groups) {
      grant.To(InGroup(group.metadata.name));
    }
    for (const Caller& caller : world.callers) {
      grant.To(caller.kind == Caller::Kind::kUser
                   ? User(caller.name)
                   : Account(caller.ns + "/" + caller.name));
    }
    later.objects.grants.push_back(grant.To(Everyone())
                                       .Allowing({model::Privilege::kUse})
                                       .Created(soon, "newcomer"));
    const Snapshot before_it = Judge(world.objects, budgets);
    // It may make principals of those who were none.
    const auto principals = Compiler(before_it, true).principals();
    const Over before = OverOf(before_it, principals);
    Over after = OverOf(Judge(later.objects, budgets), principals);
    for (auto& [who, names] : after) names.erase({on, "newcomer"});
    std::erase_if(after, [](const auto& one) { return one.second.empty(); });
    EXPECT_EQ(before, after) << ToString(on) << Describe(world);
  });
}

TEST(BudgetPropertiesTest, ADenyMovesNothing) {
  ForWorlds(
      4'300'000, [](const World& world, const Budgets& budgets, uint64_t seed) {
        World denied = world;
        Dice dice(seed);
        const model::ObjectRef on = dice.Pick(world.objects.connections).ref();
        denied.objects.grants.push_back(
            AGrant(on.ns + "/0", on.name)
                .To(Everyone())
                .Denying({model::Privilege::kUse})
                .Created(world.now - std::chrono::hours(1), "0"));
        EXPECT_EQ(OverOf(Judge(world.objects, budgets)),
                  OverOf(Judge(denied.objects, budgets)))
            << ToString(on) << Describe(world);
      });
}

// What a document holds by name is within the budget, and no policy opens what
// it would not open without one.
TEST(BudgetPropertiesTest, DocumentsAreWithinThemAndPoliciesNeverWider) {
  ForWorlds(
      4'400'000, [](const World& world, const Budgets& budgets, uint64_t) {
        const Snapshot bounded = Judge(world.objects, budgets);
        const Snapshot unbounded = Judge(world.objects);
        const Compiler narrow(bounded, true);
        const Compiler wide(unbounded, true);
        const auto all =
            wide.CredentialPaths(Principal::EveryoneServiceAccount(),
                                 wide.everyone_service_accounts(), world.now);
        for (const Principal& principal : narrow.principals()) {
          const auto document = narrow.Document(principal);
          int slots = 0;
          std::set<std::string> namespaces;
          for (const access::Binding& binding : document.bindings) {
            for (const access::GrantEntry& grant : binding.grants) {
              if (grant.effect == Effect::kDeny || !grant.depth) continue;
              ++slots;
              namespaces.insert(binding.facts->ref.ns);
            }
          }
          EXPECT_LE(slots, budgets.slots) << IdOf(principal) << Describe(world);
          EXPECT_LE(namespaces.size(), static_cast<size_t>(budgets.namespaces));
          auto may = wide.CredentialPaths(principal, wide.Document(principal),
                                          world.now);
          may.insert(may.end(), all.begin(), all.end());
          for (const std::string& path :
               narrow.CredentialPaths(principal, document, world.now)) {
            EXPECT_EQ(std::count(may.begin(), may.end(), path) > 0, true)
                << path << " " << IdOf(principal) << Describe(world);
          }
        }
      });
}

// P9 under budgets: a policy opens what `explain` could give, and no more.
TEST(BudgetPropertiesTest, PoliciesOpenExactlyWhatTheObjectsGive) {
  ForWorlds(4'500'000, [](const World& world, const Budgets& budgets,
                          uint64_t) {
    const Snapshot snapshot = Judge(world.objects, budgets);
    const Compiler compiler(snapshot, true);
    const auto paths = [&](const Principal& principal) {
      return compiler.CredentialPaths(principal, compiler.Document(principal),
                                      world.now);
    };
    const auto everyone = paths(Principal::EveryoneServiceAccount());
    for (const Principal& principal : compiler.principals()) {
      if (principal.kind != Principal::Kind::kServiceAccount) continue;
      const auto own = paths(principal);
      std::set<std::string> opened(everyone.begin(), everyone.end());
      opened.insert(own.begin(), own.end());
      std::set<std::string> given;
      const Caller caller =
          Caller::ServiceAccount(principal.ns, principal.name);
      for (const model::ObjectRef& connection : AllConnections(world)) {
        for (const std::string& slot : SlotNames(world, connection)) {
          for (const auto delivery :
               {access::Delivery::kInject, access::Delivery::kDisclose}) {
            access::Question question;
            question.delivery = delivery;
            question.slot = slot;
            const auto explained = access::Explain(snapshot, caller, connection,
                                                   question, world.now);
            const model::VaultRef* vault = explained.decision.vault;
            if (vault != nullptr) given.insert(ApiPath(*vault));
          }
        }
      }
      EXPECT_EQ(opened, given) << IdOf(principal) << "\n" << Describe(world);
    }
  });
}

}  // namespace
}  // namespace claviger::testing

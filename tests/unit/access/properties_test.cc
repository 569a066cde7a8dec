// SPDX-License-Identifier: Apache-2.0
//
// The properties of the resolution rules on random worlds, and lib/access
// against the oracle. Every failure prints the question and the whole world.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Decision;
using access::Delivery;
using access::Explanation;
using access::Question;
using access::Reason;
using access::Snapshot;
using model::ObjectRef;
using model::Objects;

constexpr uint64_t kWorlds = 1'000;

// One question of one world.
struct Asked {
  const World& world;
  const Caller& caller;
  const ObjectRef& connection;
  const Question& question;

  Explanation From(const Snapshot& snapshot) const {
    return access::Explain(snapshot, caller, connection, question, world.now);
  }
  std::string AnswerOf(const Snapshot& snapshot) const {
    return Text(From(snapshot).decision);
  }
  std::string AnswerOf(const Objects& objects) const {
    return AnswerOf(Judge(objects));
  }
  std::string ByOracle() const {
    return Text(Oracle(world.objects, caller, connection, question, world.now));
  }
  std::string Said() const { return Ask(world, caller, connection, question); }
};

// Somebody who can see the connection, if three tries find one: most pairs have
// nothing to do with each other.
const Caller& SomeCaller(Dice& dice, const World& world,
                         const Snapshot& snapshot,
                         const ObjectRef& connection) {
  const Caller* caller = &dice.Pick(world.callers);
  for (int i = 0; i < 3; ++i) {
    const auto binding = access::Project(snapshot, *caller, connection);
    if (binding && !access::EffectivePrivileges(*binding, world.now).empty()) {
      break;
    }
    caller = &dice.Pick(world.callers);
  }
  return *caller;
}

// Asks `per_world` random questions in each of `worlds` worlds; stops at the
// first that fails.
template <typename Check>
void ForQuestions(uint64_t first_seed, uint64_t worlds, int per_world,
                  Check check) {
  for (uint64_t seed = first_seed; seed < first_seed + worlds; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot = Judge(world.objects);
    Dice dice(seed + 77);
    const std::vector<ObjectRef> connections = AllConnections(world);
    for (int i = 0; i < per_world; ++i) {
      const ObjectRef& connection = dice.Pick(connections);
      const Caller& caller = SomeCaller(dice, world, snapshot, connection);
      const Question question = RandomQuestion(dice, world, caller, connection);
      check(Asked{world, caller, connection, question}, snapshot, dice);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(ResolutionOracleTest, ExplainAnswersAsTheOracleDoes) {
  std::map<std::string, int> seen;
  ForQuestions(1, 6 * kWorlds, 8,
               [&seen](const Asked& asked, const Snapshot& snapshot, Dice&) {
                 const Explanation explanation = asked.From(snapshot);
                 EXPECT_EQ(Text(explanation.decision), asked.ByOracle())
                     << asked.Said();
                 ++seen[std::string(ToString(explanation.decision.reason))];
               });
  // The worlds are worth asking: every answer comes up often.
  EXPECT_EQ(seen.size(), 12U);
  for (const auto& [reason, count] : seen) {
    EXPECT_GT(count, 50) << reason;
    RecordProperty(reason, count);
  }
}

TEST(ResolutionOracleTest, PrivilegesAreThoseOfTheOracle) {
  ForQuestions(
      100'000, kWorlds, 8,
      [](const Asked& asked, const Snapshot& snapshot, Dice&) {
        const auto binding =
            access::Project(snapshot, asked.caller, asked.connection);
        const model::PrivilegeSet held =
            binding ? access::EffectivePrivileges(*binding, asked.world.now)
                    : model::PrivilegeSet();
        EXPECT_EQ(Text(held),
                  Text(OraclePrivileges(asked.world.objects, asked.caller,
                                        asked.connection, asked.world.now)))
            << asked.Said();
      });
}

TEST(ResolutionOracleTest, RefusedObjectsAreThoseOfTheOracle) {
  for (uint64_t seed = 200'000; seed < 200'000 + kWorlds; ++seed) {
    const World world = RandomWorld(seed);
    const Snapshot snapshot = Judge(world.objects);
    const OracleObjects judged(world.objects);
    for (const model::Connection& connection : world.objects.connections) {
      const int index = snapshot.Find(connection.ref());
      ASSERT_GE(index, 0);
      ASSERT_EQ(snapshot.facts(index)->refused.has_value(),
                judged.not_ready.count(connection.ref()) > 0)
          << ToString(connection.ref()) << "\n"
          << Describe(world);
    }
  }
}

// P1
TEST(ResolutionPropertiesTest, OrderOfObjectsNeverMatters) {
  ForQuestions(300'000, kWorlds, 3,
               [](const Asked& asked, const Snapshot& snapshot, Dice& dice) {
                 Objects shuffled = asked.world.objects;
                 dice.Shuffle(shuffled.connections);
                 dice.Shuffle(shuffled.grants);
                 dice.Shuffle(shuffled.groups);
                 for (auto& group : shuffled.groups)
                   dice.Shuffle(group.members);
                 for (auto& grant : shuffled.grants)
                   dice.Shuffle(grant.subjects);
                 EXPECT_EQ(asked.AnswerOf(shuffled), asked.AnswerOf(snapshot))
                     << asked.Said();
               });
}

// P2; and where it stays a success, it is the same one.
TEST(ResolutionPropertiesTest, AddingADenyNeverTurnsAnErrorIntoSuccess) {
  ForQuestions(
      400'000, kWorlds, 4,
      [](const Asked& asked, const Snapshot& snapshot, Dice& dice) {
        Objects with = asked.world.objects;
        const std::vector<model::Subject> subjects = {
            Everyone(), InGroup("sales"), InGroup("biz"), User("alice"),
            Account("sales/web")};
        with.grants.push_back(
            AGrant(asked.connection.ns + "/added", asked.connection.name)
                .To(dice.Pick(subjects))
                .Denying({dice.Chance(50) ? model::Privilege::kUse
                                          : model::Privilege::kReadSecret}));
        const Explanation before = asked.From(snapshot);
        const Snapshot denied = Judge(with);
        const Explanation after = asked.From(denied);
        if (after.decision.allowed()) {
          EXPECT_EQ(Text(after.decision), Text(before.decision))
              << asked.Said();
        }
      });
}

// P3
TEST(ResolutionPropertiesTest, PerUserNeverYieldsASlotOfSomebodyElse) {
  int checked = 0;
  ForQuestions(
      500'000, 2 * kWorlds, 8,
      [&checked](const Asked& asked, const Snapshot& snapshot, Dice&) {
        const int index = snapshot.Find(asked.connection);
        if (index < 0) return;
        if (snapshot.facts(index)->mode != model::CredentialMode::kPerUser) {
          return;
        }
        const Explanation explanation = asked.From(snapshot);
        if (!explanation.decision.allowed()) return;
        ++checked;
        EXPECT_EQ(explanation.decision.depth, 0) << asked.Said();
        EXPECT_NE(explanation.decision.slot, "default") << asked.Said();
      });
  EXPECT_GT(checked, 200);
}

std::set<std::string> PathsOf(const Objects& objects, const ObjectRef& ref) {
  std::set<std::string> paths;
  for (const model::Connection& connection : objects.connections) {
    if (connection.ref() == ref && connection.credentials.default_slot) {
      paths.insert(ApiPath(connection.credentials.default_slot->vault));
    }
  }
  for (const model::Grant& grant : objects.grants) {
    if (grant.connection_ref() == ref && grant.credential) {
      paths.insert(ApiPath(grant.credential->vault));
    }
  }
  return paths;
}

bool Overlap(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const std::string& path) {
    return b.count(path) > 0;
  });
}

template <typename T, typename Predicate>
void Erase(std::vector<T>& items, Predicate predicate) {
  items.erase(std::remove_if(items.begin(), items.end(), predicate),
              items.end());
}

// P4: other connections that share no path with the one asked for, their
// Grants, and the groups that the caller is in no way a member of.
TEST(ResolutionPropertiesTest, RemovingUnrelatedObjectsChangesNothing) {
  ForQuestions(
      600'000, kWorlds, 4,
      [](const Asked& asked, const Snapshot& snapshot, Dice& dice) {
        Objects fewer = asked.world.objects;
        const std::set<std::string> paths = PathsOf(fewer, asked.connection);
        std::set<ObjectRef> unrelated;
        for (const model::Connection& other : fewer.connections) {
          if (other.ref() != asked.connection && dice.Chance(60) &&
              !Overlap(paths, PathsOf(fewer, other.ref()))) {
            unrelated.insert(other.ref());
          }
        }
        Erase(fewer.connections, [&unrelated](const model::Connection& one) {
          return unrelated.count(one.ref()) > 0;
        });
        Erase(fewer.grants, [&unrelated](const model::Grant& one) {
          return unrelated.count(one.connection_ref()) > 0;
        });
        const OracleGroups mine = GroupsOf(fewer, asked.caller);
        Erase(fewer.groups, [&mine, &dice](const model::Group& group) {
          return mine.deny.count(group.metadata.name) == 0 && dice.Chance(60);
        });
        EXPECT_EQ(asked.AnswerOf(fewer), asked.AnswerOf(snapshot))
            << asked.Said();
      });
}

int RankOf(const Decision& decision) {
  if (decision.slot == "personal") return -1;
  if (decision.slot == "default") return 1001;
  return decision.depth.value_or(1000);
}

// P5
TEST(ResolutionPropertiesTest, TheChosenDepthIsMinimalAmongEligible) {
  int compared = 0;
  ForQuestions(
      700'000, kWorlds, 4,
      [&compared](const Asked& asked, const Snapshot& snapshot, Dice&) {
        Question question = asked.question;
        question.slot.reset();
        question.delivery = Delivery::kInject;
        const Explanation chosen =
            access::Explain(snapshot, asked.caller, asked.connection, question,
                            asked.world.now);
        if (!chosen.decision.allowed()) return;
        for (const std::string& hint :
             SlotNames(asked.world, asked.connection)) {
          question.slot = hint;
          const Explanation other =
              access::Explain(snapshot, asked.caller, asked.connection,
                              question, asked.world.now);
          if (!other.decision.allowed()) continue;
          ++compared;
          EXPECT_EQ(other.decision.slot, hint) << asked.Said();
          EXPECT_LE(RankOf(chosen.decision), RankOf(other.decision))
              << asked.Said();
        }
      });
  EXPECT_GT(compared, 1'000);
}

// P6
TEST(ResolutionPropertiesTest, DisclosesOnlyWhatInjectWouldTake) {
  int disclosed = 0;
  ForQuestions(
      800'000, kWorlds, 8,
      [&disclosed](const Asked& asked, const Snapshot& snapshot, Dice&) {
        Question question = asked.question;
        question.delivery = Delivery::kDisclose;
        const Explanation seen =
            access::Explain(snapshot, asked.caller, asked.connection, question,
                            asked.world.now);
        if (!seen.decision.allowed()) return;
        ++disclosed;
        const auto binding =
            access::Project(snapshot, asked.caller, asked.connection);
        EXPECT_TRUE(access::EffectivePrivileges(*binding, asked.world.now)
                        .Has(model::Privilege::kUse))
            << asked.Said();
        question.delivery = Delivery::kInject;
        const Explanation used =
            access::Explain(snapshot, asked.caller, asked.connection, question,
                            asked.world.now);
        if (used.decision.reason == Reason::kInjectionUnsupported) return;
        EXPECT_EQ(Text(used.decision), Text(seen.decision)) << asked.Said();
      });
  EXPECT_GT(disclosed, 200);
}

// P7: every group in a web of random cycles with every other.
TEST(ResolutionPropertiesTest, EndsWithTheSameAnswerOnCyclicGraphs) {
  for (uint64_t seed = 900'000; seed < 900'000 + kWorlds; ++seed) {
    World world = RandomWorld(seed);
    Dice dice(seed);
    std::vector<model::Group>& groups = world.objects.groups;
    for (int i = dice.Between(0, 12); i > 0 && !groups.empty(); --i) {
      const std::string member = dice.Pick(groups).metadata.name;
      const size_t parent =
          static_cast<size_t>(dice.Below(static_cast<int>(groups.size())));
      groups[parent].members.push_back(InGroup(member));
    }
    const Snapshot snapshot = Judge(world.objects);
    for (int i = 0; i < 4; ++i) {
      const Caller& caller = dice.Pick(world.callers);
      const ObjectRef connection = dice.Pick(AllConnections(world));
      const Question question = RandomQuestion(dice, world, caller, connection);
      const Asked asked{world, caller, connection, question};
      const std::string answer = asked.AnswerOf(snapshot);
      ASSERT_EQ(answer, asked.ByOracle()) << asked.Said();
      ASSERT_EQ(answer, asked.AnswerOf(snapshot)) << asked.Said();
    }
  }
}

std::string WithoutSteps(const Explanation& explanation) {
  nlohmann::ordered_json json = ToJson(explanation);
  json.erase("steps");
  return DumpJson(json);
}

// P8
TEST(ResolutionPropertiesTest, InvisibleIsByteIdenticalToAbsent) {
  int invisible = 0;
  ForQuestions(
      1'000'000, kWorlds, 4,
      [&invisible](const Asked& asked, const Snapshot& snapshot, Dice&) {
        const Explanation here = asked.From(snapshot);
        if (here.decision.reason != Reason::kNotVisible) return;
        ++invisible;
        Objects without = asked.world.objects;
        Erase(without.connections, [&asked](const model::Connection& one) {
          return one.ref() == asked.connection;
        });
        const Snapshot absent = Judge(without);
        EXPECT_EQ(WithoutSteps(here), WithoutSteps(asked.From(absent)))
            << asked.Said();
      });
  EXPECT_GT(invisible, 500);
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "access/group_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/builders.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::GroupGraph;
using access::Reached;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "sales 1", sorted.
std::vector<std::string> Names(const GroupGraph& graph,
                               const std::vector<Reached>& reached) {
  std::vector<std::string> names;
  for (const Reached& one : reached) {
    names.push_back(graph.Name(one.group) + " " + std::to_string(one.depth));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Allow(const GroupGraph& graph, const Caller& caller) {
  return Names(graph, graph.Of(caller).allow);
}

std::vector<std::string> Deny(const GroupGraph& graph, const Caller& caller) {
  return Names(graph, graph.Of(caller).deny);
}

// g1 is a member of g2 and so on; alice is in g1.
std::vector<model::Group> Chain(int length) {
  std::vector<model::Group> groups;
  for (int i = 1; i <= length; ++i) {
    AGroup group("g" + std::to_string(i));
    if (i == 1) group.With(User("alice"));
    if (i > 1) group.With(InGroup("g" + std::to_string(i - 1)));
    groups.push_back(group);
  }
  return groups;
}

TEST(GroupGraphTest, TakesTheShortestOfSeveralPaths) {
  const GroupGraph graph(
      {AGroup("near").With(User("alice")),
       AGroup("middle").With(InGroup("near")),
       AGroup("top").With(InGroup("middle")).With(InGroup("near"))});
  EXPECT_THAT(Allow(graph, Caller::User("alice")),
              ElementsAre("middle 2", "near 1", "top 2"));
}

TEST(GroupGraphTest, KnowsMembersOfEachKind) {
  const GroupGraph graph({AGroup("by-account").With(Account("sales/web")),
                          AGroup("by-namespace").With(InNamespace("sales")),
                          AGroup("by-user").With(User("web"))});
  EXPECT_THAT(Allow(graph, Caller::ServiceAccount("sales", "web")),
              ElementsAre("by-account 1", "by-namespace 1"));
  EXPECT_THAT(Allow(graph, Caller::ServiceAccount("sales-eu", "web")),
              IsEmpty());
  EXPECT_THAT(Allow(graph, Caller::User("web")), ElementsAre("by-user 1"));
  EXPECT_THAT(Allow(graph, Caller::User("sales/web")), IsEmpty());
}

TEST(GroupGraphTest, CountsAClaimWhereOneOfItsValuesMatches) {
  const GroupGraph graph({AGroup("fin").Claiming("groups", "fin-team")});
  EXPECT_THAT(Allow(graph, Caller::User("a", {{"groups", {"x", "fin-team"}}})),
              ElementsAre("fin 1"));
  EXPECT_THAT(Allow(graph, Caller::User("a", {{"groups", {"fin"}}})),
              IsEmpty());
  EXPECT_THAT(Allow(graph, Caller::User("a", {{"dept", {"fin-team"}}})),
              IsEmpty());
}

TEST(GroupGraphTest, IgnoresTheClaimsOfAServiceAccount) {
  const GroupGraph graph({AGroup("fin").Claiming("groups", "fin-team")});
  Caller account = Caller::ServiceAccount("sales", "web");
  account.claims["groups"] = {"fin-team"};
  EXPECT_THAT(Allow(graph, account), IsEmpty());
}

TEST(GroupGraphTest, GivesNothingOnOrBeyondACycleButDeniesReachThere) {
  const GroupGraph graph({AGroup("a").With(InGroup("b")).With(User("gus")),
                          AGroup("b").With(InGroup("a")),
                          AGroup("ops").With(InGroup("a")),
                          AGroup("fine").With(User("gus"))});
  EXPECT_THAT(Allow(graph, Caller::User("gus")), ElementsAre("fine 1"));
  EXPECT_THAT(Deny(graph, Caller::User("gus")),
              ElementsAre("a 1", "b 2", "fine 1", "ops 2"));
}

TEST(GroupGraphTest, TakesAGroupThatContainsItselfForACycle) {
  const GroupGraph graph(
      {AGroup("self").With(InGroup("self")).With(User("gus"))});
  EXPECT_TRUE(graph.OnCycle(graph.Find("self")));
  EXPECT_THAT(Allow(graph, Caller::User("gus")), IsEmpty());
  EXPECT_THAT(Deny(graph, Caller::User("gus")), ElementsAre("self 1"));
}

TEST(GroupGraphTest, MarksOnlyTheGroupsOnTheCycle) {
  const GroupGraph graph(
      {AGroup("below"), AGroup("a").With(InGroup("below")).With(InGroup("c")),
       AGroup("b").With(InGroup("a")), AGroup("c").With(InGroup("b")),
       AGroup("above").With(InGroup("c"))});
  std::vector<std::string> on_cycle;
  for (int i = 0; i < graph.size(); ++i) {
    if (graph.OnCycle(i)) on_cycle.push_back(graph.Name(i));
  }
  EXPECT_THAT(on_cycle, ElementsAre("a", "b", "c"));
}

TEST(GroupGraphTest, ReachesSixteenDeepAndDeniesFurther) {
  const GroupGraph graph(Chain(18));
  const Caller alice = Caller::User("alice");
  const auto allow = graph.Of(alice).allow;
  EXPECT_EQ(allow.size(), 16U);
  EXPECT_EQ(allow.back().depth, 16);
  EXPECT_EQ(graph.Of(alice).deny.size(), 18U);
}

TEST(GroupGraphTest, LetsDeniesThroughARefusedGroupAndNothingElse) {
  const GroupGraph graph({AGroup("bad").With(User("alice")).Refused(),
                          AGroup("above").With(InGroup("bad"))});
  EXPECT_THAT(Allow(graph, Caller::User("alice")), IsEmpty());
  EXPECT_THAT(Deny(graph, Caller::User("alice")),
              ElementsAre("above 2", "bad 1"));
}

TEST(GroupGraphTest, PassesOverMembersThatDoNotExist) {
  const GroupGraph graph({AGroup("top").With(InGroup("ghosts"))});
  EXPECT_EQ(graph.Find("ghosts"), -1);
  EXPECT_THAT(Deny(graph, Caller::User("alice")), IsEmpty());
}

TEST(GroupGraphTest, GivesAMemberOfAGroupThatGroupAtDepthOne) {
  const GroupGraph graph({AGroup("fin").Claiming("groups", "fin-team"),
                          AGroup("biz").With(InGroup("fin"))});
  EXPECT_THAT(Names(graph, graph.OfMemberOf(graph.Find("fin")).allow),
              ElementsAre("biz 2", "fin 1"));
}

// Deep enough to overflow the stack of anything recursive.
TEST(GroupGraphTest, StandsVeryLongChainsAndCycles) {
  std::vector<model::Group> groups = Chain(100'000);
  const GroupGraph chain(groups);
  EXPECT_EQ(chain.Of(Caller::User("alice")).deny.size(), 100'000U);
  groups.front().members.push_back(InGroup("g100000"));
  const GroupGraph cycle(groups);
  EXPECT_TRUE(cycle.OnCycle(cycle.Find("g50000")));
  EXPECT_THAT(cycle.Of(Caller::User("alice")).allow, IsEmpty());
}

}  // namespace
}  // namespace claviger::testing

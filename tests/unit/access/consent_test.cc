// SPDX-License-Identifier: Apache-2.0
//
// Grants whose Connection, or its endpoint, is not the one they were saved for.
#include "access/consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "support/builders.h"
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

using access::Caller;
using access::Snapshot;
using access::SnapshotSettings;
using model::CredentialMode;
using model::Privilege;
using ::testing::HasSubstr;
using ::testing::Not;

Time Now() { return *ParseRfc3339("2026-12-01T00:00:00Z"); }

const Caller kAlice = Caller::User("alice");

AConnection Warehouse() {
  return AConnection("sales/warehouse")
      .WithMode(CredentialMode::kLayered)
      .WithOwner(User("erin"))
      .Created(Now(), "uid-now");
}

AGrant UseForAlice() {
  return AGrant("sales/use", "warehouse")
      .To(User("alice"))
      .Allowing({Privilege::kUse});
}

AGrant GroupSlot() {
  return AGrant("sales/slot", "warehouse")
      .To(InGroup("finance"))
      .Allowing({Privilege::kUse})
      .WithCredential(Kv2("secret", "sales/fin"));
}

model::Objects World(const model::Connection& connection,
                     std::vector<model::Grant> grants) {
  model::Objects objects;
  objects.groups = {AGroup("finance").With(User("alice"))};
  objects.connections = {connection};
  objects.grants = std::move(grants);
  return objects;
}

access::Explanation Explain(const model::Objects& objects, bool required) {
  SnapshotSettings settings;
  settings.require_stamps = required;
  const Snapshot snapshot(objects, settings);
  return access::Explain(snapshot, kAlice, Ref("sales/warehouse"), {}, Now());
}

std::string Answer(const model::Objects& objects, bool required = true) {
  const access::Decision decision = Explain(objects, required).decision;
  return std::string(ToString(decision.reason)) +
         (decision.slot.empty() ? "" : " " + decision.slot);
}

std::string Reason(const model::Connection& connection,
                   const model::Grant& grant, bool required = true) {
  const auto refusal = access::CheckConsent(connection, grant, required);
  return refusal ? refusal->reason : "";
}

TEST(ConsentTest, HoldsWhileConnectionAndEndpointAreTheOnesSeen) {
  const model::Connection connection = Warehouse();
  EXPECT_EQ(Answer(World(connection, {GroupSlot().StampedFor(connection)})),
            "Allowed grant/slot");
}

TEST(ConsentTest, AReplacedConnectionInheritsNoGrant) {
  const model::Connection stranger =
      Warehouse().WithOwner(User("mallory")).Created(Now(), "uid-later");
  const model::Grant left = UseForAlice().StampedFor(Warehouse());
  EXPECT_EQ(Reason(stranger, left), "ConnectionReplaced");
  EXPECT_EQ(Answer(World(stranger, {left})), "NotVisible");
  EXPECT_EQ(Answer(World(stranger, {left}), false), "NotVisible");
}

TEST(ConsentTest, AMovedEndpointGetsNoCredentialOfAGroup) {
  model::Connection moved = Warehouse();
  const model::Grant slot = GroupSlot().StampedFor(moved);
  moved.endpoint.host = "evil.example";
  EXPECT_EQ(Reason(moved, slot), "EndpointChanged");
  EXPECT_EQ(Answer(World(moved, {slot})), "NotVisible");
}

TEST(ConsentTest, DisclosureIsPartOfWhatWasSeen) {
  model::Connection open = Warehouse();
  const model::Grant slot = GroupSlot().StampedFor(open);
  open.server_side_only = false;
  EXPECT_EQ(Reason(open, slot), "EndpointChanged");
}

TEST(ConsentTest, AMovedEndpointLeavesGrantsWithoutAGroupsCredentialAlone) {
  model::Connection moved = Warehouse();
  const model::Grant use = UseForAlice().StampedFor(moved);
  const model::Grant own = AGrant("sales/own", "warehouse")
                               .To(User("alice"))
                               .WithCredential(Kv2("secret", "sales/alice"))
                               .StampedFor(moved);
  moved.endpoint.host = "elsewhere.example";
  EXPECT_EQ(Reason(moved, use), "");
  EXPECT_EQ(Reason(moved, own), "");
}

TEST(ConsentTest, AnUnstampedGrantIsInertOnlyWhereStampsAreRequired) {
  const model::Objects objects = World(
      Warehouse().WithDefault(Kv2("secret", "sales/dw")), {UseForAlice()});
  EXPECT_EQ(Answer(objects, true), "NotVisible");
  EXPECT_EQ(Answer(objects, false), "Allowed default");
  EXPECT_EQ(Reason(Warehouse(), UseForAlice()), "NotStamped");
}

TEST(ConsentTest, AStampWithoutTheFingerprintItNeedsCountsAsNone) {
  EXPECT_EQ(Reason(Warehouse(), GroupSlot().Stamped("uid-now"), false),
            "NotStamped");
}

TEST(ConsentTest, ADenyCountsWhateverItsStampSays) {
  const model::Grant deny = AGrant("sales/deny", "warehouse")
                                .To(User("alice"))
                                .Denying({Privilege::kUse})
                                .Stamped("uid-of-another");
  EXPECT_EQ(Reason(Warehouse(), deny), "");
  EXPECT_EQ(
      Answer(World(Warehouse(), {UseForAlice().StampedFor(Warehouse()), deny})),
      "Denied");
}

TEST(ConsentTest, ExplainNamesTheInertGrantAndWhy) {
  const auto explanation =
      Explain(World(Warehouse(), {UseForAlice().Stamped("uid-before")}), true);
  const std::string json = DumpJson(ToJson(explanation));
  EXPECT_THAT(json, HasSubstr(R"("step":"inert")"));
  EXPECT_THAT(json, HasSubstr("grant/use: ConnectionReplaced: "));
}

TEST(ConsentTest, ExplainDoesNotNameInertGrantsOfOthers) {
  const model::Grant other = AGrant("sales/other", "warehouse")
                                 .To(User("bob"))
                                 .Allowing({Privilege::kUse})
                                 .Stamped("uid-before");
  const auto explanation = Explain(World(Warehouse(), {other}), true);
  EXPECT_THAT(DumpJson(ToJson(explanation)), Not(HasSubstr("inert")));
}

TEST(ConsentTest, AnInertGrantIsAProblemThatSaysWhatToDo) {
  const Snapshot snapshot(
      World(Warehouse(), {UseForAlice().Stamped("uid-before")}), {});
  ASSERT_EQ(snapshot.problems().size(), 1U);
  const model::Problem& problem = snapshot.problems()[0];
  EXPECT_EQ(problem.severity, model::Problem::Severity::kWarning);
  EXPECT_EQ(problem.object, "Grant sales/use");
  EXPECT_THAT(problem.what, HasSubstr("ConnectionReplaced"));
  EXPECT_THAT(problem.fix, HasSubstr("save it again"));
}

// A path that a left-behind Grant names is not the new Connection's because of
// that Grant's age.
TEST(ConsentTest, AGrantLeftBehindClaimsNoPathForAStranger) {
  const model::Connection stranger =
      Warehouse().WithOwner(User("mallory")).Created(Now(), "uid-later");
  model::Objects objects =
      World(stranger, {GroupSlot()
                           .Created(Now() - std::chrono::hours(1), "uid-g")
                           .StampedFor(Warehouse())});
  objects.connections.push_back(AConnection("sales/honest")
                                    .WithOwner(User("alice"))
                                    .WithDefault(Kv2("secret", "sales/fin"))
                                    .Created(Now(), "uid-honest"));
  const Snapshot snapshot(objects, {});
  EXPECT_FALSE(snapshot.facts(snapshot.Find(Ref("sales/honest")))->refused);
}

TEST(ConsentTest, AMovedEndpointDoesNotGiveUpTheClaimOnAPath) {
  model::Connection moved = Warehouse();
  model::Grant slot = GroupSlot()
                          .Created(Now() - std::chrono::hours(1), "uid-g")
                          .StampedFor(moved);
  moved.endpoint.host = "elsewhere.example";
  model::Objects objects = World(moved, {slot});
  objects.connections.push_back(AConnection("sales/other")
                                    .WithOwner(User("alice"))
                                    .WithDefault(Kv2("secret", "sales/fin"))
                                    .Created(Now(), "uid-other"));
  const Snapshot snapshot(objects, {});
  const auto& refused =
      snapshot.facts(snapshot.Find(Ref("sales/other")))->refused;
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, "PathClaimed");
}

TEST(ConsentTest, AnInertSlotStillKeepsItsPathServerSideOnly) {
  const model::Grant left = AGrant("sales/left", "warehouse")
                                .To(User("bob"))
                                .WithCredential(Kv2("secret", "sales/dw"))
                                .Stamped("uid-before");
  model::Objects objects = World(Warehouse(), {left});
  objects.connections.push_back(AConnection("sales/open")
                                    .WithOwner(User("alice"))
                                    .WithDefault(Kv2("secret", "sales/dw"))
                                    .Disclosable());
  const Snapshot snapshot(objects, {});
  access::Question question;
  question.delivery = access::Delivery::kDisclose;
  EXPECT_EQ(
      access::Explain(snapshot, kAlice, Ref("sales/open"), question, Now())
          .decision.reason,
      access::Reason::kServerSideOnly);
}

TEST(ConsentTest, TheStampTheWebhookWritesFits) {
  const model::Connection connection = Warehouse();
  for (model::Grant grant : {static_cast<model::Grant>(UseForAlice()),
                             static_cast<model::Grant>(GroupSlot())}) {
    grant.stamp = access::StampFor(connection, grant);
    EXPECT_EQ(Reason(connection, grant), "");
  }
  EXPECT_EQ(access::StampFor(connection, UseForAlice()).endpoint_fingerprint,
            "");
}

}  // namespace
}  // namespace claviger::testing

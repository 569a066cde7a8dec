// SPDX-License-Identifier: Apache-2.0
//
// What the webhook admits the operator accepts: in random worlds, requests of
// random people are judged, and what was admitted is put among the objects. The
// snapshot of these must not refuse it, nor anything it did not refuse before.
#include <gtest/gtest.h>

#include <set>

#include "operator/webhook/judge.h"
#include "support/dice.h"
#include "support/world.h"

namespace claviger::op::webhook {
namespace {

using claviger::testing::Describe;
using claviger::testing::Dice;
using claviger::testing::RandomWorld;
using claviger::testing::World;

std::set<std::string> RefusedBy(const access::Snapshot& snapshot) {
  std::set<std::string> refused;
  for (const model::Connection& one : snapshot.connections()) {
    // An invalid Deny of somebody else's is no reason to refuse an edit.
    if (one.refused && one.refused->reason != "InvalidDeny") {
      refused.insert("Connection " + ToString(one.ref()));
    }
  }
  for (const model::Grant& one : snapshot.grants()) {
    if (one.refused) {
      refused.insert("Grant " + one.metadata.ns + "/" + one.metadata.name);
    }
  }
  return refused;
}

ObjectVersion VersionOf(model::Connection connection) {
  ObjectVersion version;
  version.spec = "now";
  version.has_owner = connection.owner.has_value();
  version.connection = std::move(connection);
  return version;
}

UserInfo UserOf(const access::Caller& caller) {
  if (caller.kind == access::Caller::Kind::kServiceAccount) {
    return {"system:serviceaccount:" + caller.ns + ":" + caller.name, {}};
  }
  const auto groups = caller.claims.find("groups");
  return {caller.name, groups == caller.claims.end()
                           ? std::vector<std::string>()
                           : groups->second};
}

class AdmittedTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    world_ = RandomWorld(static_cast<uint64_t>(GetParam()));
    settings_.admins.push_back({{"alice"}, {}, {"*"}});
    before_ = std::make_shared<const access::Snapshot>(world_.objects,
                                                       settings_.snapshot);
  }

  Verdict Ask(Review review) const {
    return Judge(View(before_), settings_, review, world_.now);
  }

  // Nothing is refused that was not refused before; what was admitted is not.
  void ExpectAccepted(const model::Objects& after,
                      const std::string& admitted) const {
    const auto was = RefusedBy(*before_);
    const auto is = RefusedBy(access::Snapshot(after, settings_.snapshot));
    EXPECT_FALSE(is.contains(admitted)) << admitted << "\n" << Describe(world_);
    for (const std::string& one : is) {
      EXPECT_TRUE(was.contains(one))
          << one << " refused by admitting " << admitted << "\n"
          << Describe(world_);
    }
  }

  World world_;
  Settings settings_;
  std::shared_ptr<const access::Snapshot> before_;
};

TEST_P(AdmittedTest, EditedConnectionsAreAccepted) {
  Dice dice(static_cast<uint64_t>(GetParam()) + 1'000'000);
  for (size_t i = 0; i < world_.objects.connections.size(); ++i) {
    const model::Connection& old = world_.objects.connections[i];
    if (old.refused) continue;
    const access::Caller& caller = dice.Pick(world_.callers);
    const model::Connection& other = dice.Pick(world_.objects.connections);
    model::Connection edited = old;
    if (dice.Chance(60)) {
      edited.credentials.default_slot = other.credentials.default_slot;
    }
    if (dice.Chance(30)) edited.owner = other.owner;
    Review review;
    review.operation = Operation::kUpdate;
    review.ns = old.metadata.ns;
    review.name = old.metadata.name;
    review.user = UserOf(caller);
    review.old_object = VersionOf(old);
    review.old_object->spec = "before";
    review.object = VersionOf(edited);
    if (!Ask(review).allowed) continue;
    model::Objects after = world_.objects;
    after.connections[i] = edited;
    ExpectAccepted(after, "Connection " + ToString(old.ref()));
  }
}

TEST_P(AdmittedTest, NewConnectionsAreAccepted) {
  Dice dice(static_cast<uint64_t>(GetParam()) + 2'000'000);
  for (int i = 0; i < 4; ++i) {
    model::Connection made = dice.Pick(world_.objects.connections);
    made.refused.reset();
    made.metadata.name = "new";
    made.metadata.uid = "zzz";
    if (made.metadata.created) made.metadata.created = world_.now;
    Review review;
    review.ns = made.metadata.ns;
    review.name = made.metadata.name;
    review.user = UserOf(dice.Pick(world_.callers));
    review.object = VersionOf(made);
    if (!Ask(review).allowed) continue;
    model::Objects after = world_.objects;
    after.connections.push_back(made);
    ExpectAccepted(after, "Connection " + ToString(made.ref()));
  }
}

TEST_P(AdmittedTest, NewGrantsAreAccepted) {
  Dice dice(static_cast<uint64_t>(GetParam()) + 3'000'000);
  if (world_.objects.grants.empty()) return;
  for (int i = 0; i < 6; ++i) {
    model::Grant made = dice.Pick(world_.objects.grants);
    const model::Connection& on = dice.Pick(world_.objects.connections);
    made.refused.reset();
    made.stamp.reset();
    made.inert.reset();
    made.metadata.ns = on.metadata.ns;
    made.metadata.name = "new";
    made.metadata.uid = "zzz";
    if (made.metadata.created) made.metadata.created = world_.now;
    made.connection = on.metadata.name;
    Review review;
    review.kind = Kind::kGrant;
    review.ns = made.metadata.ns;
    review.name = made.metadata.name;
    review.user = UserOf(dice.Pick(world_.callers));
    review.object.emplace();
    review.object->grant = made;
    review.object->uid_stamp = on.metadata.uid;
    if (const auto patch =
            Default(View(before_), settings_, review, world_.now);
        patch.allowed) {
      for (const PatchStep& step : patch.patch) {
        if (step.value.size() < 64) continue;  // the fingerprint, in quotes
        review.object->endpoint_stamp =
            step.value.substr(1, step.value.size() - 2);
      }
    }
    if (!Ask(review).allowed) continue;
    model::Objects after = world_.objects;
    after.grants.push_back(made);
    ExpectAccepted(after, "Grant " + made.metadata.ns + "/new");
  }
}

INSTANTIATE_TEST_SUITE_P(Worlds, AdmittedTest, ::testing::Range(0, 300));

}  // namespace
}  // namespace claviger::op::webhook

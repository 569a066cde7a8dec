// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/object_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/json_reader.h"

namespace claviger::op {
namespace {

using nlohmann::json;

const Time kNow{std::chrono::seconds(1'767'225'600)};  // 2026-01-01

ObjectStatus Ready(bool holds, const std::string& reason) {
  ObjectStatus status;
  status.observed_generation = 3;
  status.conditions = {{"Ready", holds, reason, "because", ""}};
  status.counts = {{"grants", 4}};
  return status;
}

json Patched(const ObjectStatus& wanted, const ObjectStatus& seen) {
  return json::parse(StatusPatch(wanted, seen, kNow));
}

ObjectStatus StatusOf(const std::string& object) {
  return ReadStatus(*model::ReadApiJson(object, {}));
}

TEST(ObjectStatusTest, IsReadBackAsItWasWritten) {
  const ObjectStatus wanted = Ready(false, "Suspended");
  json object;
  object["status"] = Patched(wanted, {});
  EXPECT_TRUE(wanted.Agrees(StatusOf(object.dump())));
}

TEST(ObjectStatusTest, AConditionThatStaysKeepsItsTransitionTime) {
  ObjectStatus seen = Ready(false, "Suspended");
  seen.conditions[0].since = "2025-05-05T05:05:05Z";
  const json patch = Patched(Ready(false, "Expired"), seen);
  EXPECT_EQ(patch["conditions"][0]["reason"], "Expired");
  EXPECT_EQ(patch["conditions"][0]["lastTransitionTime"],
            "2025-05-05T05:05:05Z");
}

TEST(ObjectStatusTest, AConditionThatFlipsGetsTheTimeOfItsFlip) {
  ObjectStatus seen = Ready(false, "Suspended");
  seen.conditions[0].since = "2025-05-05T05:05:05Z";
  const json patch = Patched(Ready(true, "Ready"), seen);
  EXPECT_EQ(patch["conditions"][0]["lastTransitionTime"],
            "2026-01-01T00:00:00Z");
  EXPECT_EQ(patch["conditions"][0]["observedGeneration"], 3);
}

TEST(ObjectStatusTest, CountsThatAreNoMoreAreRemovedByNull) {
  ObjectStatus seen = Ready(true, "Ready");
  seen.counts["principals"] = 7;
  const json patch = Patched(Ready(true, "Ready"), seen);
  EXPECT_TRUE(patch["principals"].is_null());
  EXPECT_EQ(patch["grants"], 4);
}

TEST(ObjectStatusTest, ADifferenceInAnyPartIsADifference) {
  const ObjectStatus base = Ready(true, "Ready");
  ObjectStatus other = base;
  other.observed_generation = 4;
  EXPECT_FALSE(base.Agrees(other));
  other = base;
  other.counts["grants"] = 5;
  EXPECT_FALSE(base.Agrees(other));
  other = base;
  other.conditions[0].message = "another";
  EXPECT_FALSE(base.Agrees(other));
  other = base;
  other.conditions[0].since = "2020-01-01T00:00:00Z";
  EXPECT_TRUE(base.Agrees(other));
}

TEST(ObjectStatusTest, LongMessagesAreCutAndStillAgree) {
  ObjectStatus wanted = Ready(false, "InvalidSpec");
  wanted.conditions[0].message = std::string(5'000, 'x');
  json object;
  object["status"] = Patched(wanted, {});
  const ObjectStatus read = StatusOf(object.dump());
  EXPECT_EQ(read.conditions[0].message.size(), 1'024U);
  EXPECT_TRUE(wanted.Agrees(read));
}

TEST(ObjectStatusTest, GarbageReadsAsNothing) {
  for (const char* text :
       {R"({})", R"({"status":[]})", R"({"status":{"conditions":{}}})",
        R"({"status":{"conditions":[7],"observedGeneration":"x"}})"}) {
    const ObjectStatus read = StatusOf(text);
    EXPECT_TRUE(read.conditions.empty()) << text;
    EXPECT_EQ(read.observed_generation, 0) << text;
  }
}

}  // namespace
}  // namespace claviger::op

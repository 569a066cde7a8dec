// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/operator/inject/golden.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using op::inject::Inject;

json Injected(const json& pod) {
  return AfterInjection(pod,
                        Inject(pod, GoldenSettings(), GoldenSurroundings()));
}

// What was seen is left where the test ran, to be looked at and copied.
void ExpectGolden(const GoldenPod& golden) {
  const json actual = Injected(golden.pod);
  if (actual == golden.expected) return;
  const std::string path = ::testing::TempDir() + golden.name + ".json";
  std::ofstream(path) << actual.dump(2) << "\n";
  ADD_FAILURE() << golden.name << " differs: see " << path << "\n"
                << json::diff(golden.expected, actual).dump(1);
}

TEST(GoldenTest, EachPodBecomesWhatIsWrittenDown) {
  const auto pods = GoldenPods(CLAVIGER_GOLDEN);
  EXPECT_GT(pods.size(), 30U);
  for (const GoldenPod& golden : pods) ExpectGolden(golden);
}

TEST(GoldenTest, InjectingAgainChangesNothing) {
  for (const GoldenPod& golden : GoldenPods(CLAVIGER_GOLDEN)) {
    if (golden.expected.contains("refused")) continue;
    const auto again =
        Inject(golden.expected, GoldenSettings(), GoldenSurroundings());
    EXPECT_TRUE(again.allowed) << golden.name << ": " << again.message;
    EXPECT_THAT(again.patch, ::testing::IsEmpty()) << golden.name;
  }
}

// The application's own part: whatever we add, nothing of it goes or changes.
TEST(GoldenTest, LeavesTheApplicationAsItIs) {
  for (const GoldenPod& golden : GoldenPods(CLAVIGER_GOLDEN)) {
    if (golden.expected.contains("refused")) continue;
    json before = golden.pod;
    json after = golden.expected;
    for (json* pod : {&before, &after}) {
      (*pod)["metadata"].erase("annotations");
      json& spec = (*pod)["spec"];
      spec.erase("volumes");
      spec.erase("initContainers");
      for (json& container : spec["containers"]) {
        container.erase("env");
        container.erase("volumeMounts");
      }
    }
    EXPECT_EQ(before, after) << golden.name;
  }
}

}  // namespace
}  // namespace claviger::testing

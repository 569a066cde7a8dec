// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/rotation.h"

#include <gtest/gtest.h>

namespace claviger::op::webhook {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const Time kStart = *ParseRfc3339("2026-12-01T00:00:00Z");
const RotationTimes kTimes{hours(480), hours(144), seconds(120)};

CertificateState Settled() {
  CertificateState state;
  state.authority = {kStart, kStart + hours(480), kStart};
  state.leaf = {kStart, kStart + hours(144)};
  return state;
}

TEST(NextStepTest, BeginsWithAnAuthorityPublishesItAndThenSigns) {
  CertificateState state;
  EXPECT_EQ(NextStep(state, kTimes, kStart), Step::kMakeAuthority);
  state.authority = {kStart, kStart + hours(480), std::nullopt};
  EXPECT_EQ(NextStep(state, kTimes, kStart), Step::kPublish);
  state.authority->trusted_since = kStart;
  EXPECT_EQ(NextStep(state, kTimes, kStart), Step::kIssueLeaf);
  state.leaf = {kStart, kStart + hours(144)};
  EXPECT_EQ(NextStep(state, kTimes, kStart), Step::kNone);
}

TEST(NextStepTest, ReplacesTheLeafWhenAThirdOfItsLifeIsLeft) {
  const CertificateState state = Settled();
  EXPECT_EQ(NextStep(state, kTimes, kStart + hours(96) - seconds(1)),
            Step::kNone);
  EXPECT_EQ(NextStep(state, kTimes, kStart + hours(96)), Step::kIssueLeaf);
}

TEST(NextStepTest, SuccessorSignsOnlyAfterTheOverlap) {
  CertificateState state = Settled();
  const Time half = kStart + hours(240);
  state.leaf = {half - hours(1), half + hours(143)};
  EXPECT_EQ(NextStep(state, kTimes, half), Step::kMakeSuccessor);
  state.successor = {half, half + hours(480), std::nullopt};
  EXPECT_EQ(NextStep(state, kTimes, half), Step::kPublish);
  state.successor->trusted_since = half;
  EXPECT_EQ(NextStep(state, kTimes, half + seconds(119)), Step::kNone);
  EXPECT_EQ(NextStep(state, kTimes, half + seconds(120)), Step::kPromote);
}

TEST(NextStepTest, LeafGoesOnBeingReplacedWhileASuccessorWaits) {
  CertificateState state = Settled();
  const Time half = kStart + hours(240);
  state.successor = {half, half + hours(480), half};
  state.leaf = {half - hours(140), half + hours(4)};
  EXPECT_EQ(NextStep(state, kTimes, half + seconds(1)), Step::kIssueLeaf);
}

TEST(NextStepTest, StartsOverWhenTheClockLeavesTheAuthoritysLife) {
  const CertificateState state = Settled();
  EXPECT_EQ(NextStep(state, kTimes, kStart + hours(480)), Step::kMakeAuthority);
  EXPECT_EQ(NextStep(state, kTimes, kStart - seconds(1)), Step::kMakeAuthority);
}

TEST(NextStepTest, LeafLivesWithinItsAuthorityUntilTheNextOne) {
  // A leaf issued just before the successor is due still ends before the
  // authority does.
  EXPECT_GE(kTimes.authority_life / 2, kTimes.leaf_life);
  const RotationTimes usual;
  EXPECT_GE(usual.authority_life / 2, usual.leaf_life);
}

}  // namespace
}  // namespace claviger::op::webhook

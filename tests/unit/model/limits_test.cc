// SPDX-License-Identifier: Apache-2.0
//
// Every list and text at its bound is accepted, one over it refused.
#include "model/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model_testing.h"
#include "support/limit_cases.h"

namespace claviger::model {
namespace {

using testing::ConnectionTrusting;
using testing::LimitCase;
using testing::ListLimits;
using testing::TextLimits;

bool Refused(const Objects& objects) {
  for (const auto& one : objects.connections) return one.refused.has_value();
  for (const auto& one : objects.grants) return one.refused.has_value();
  for (const auto& one : objects.groups) return one.refused.has_value();
  ADD_FAILURE() << "nothing was decoded";
  return false;
}

void CheckLimit(const LimitCase& c) {
  SCOPED_TRACE(c.path);
  const Objects fits = DecodeObject(c.json(c.max));
  EXPECT_FALSE(Refused(fits)) << ::testing::PrintToString(Lines(fits.problems));
  const Objects over = DecodeObject(c.json(c.max + 1));
  EXPECT_TRUE(Refused(over));
  const std::string expected = c.path + ": " + std::to_string(c.max + 1) + " " +
                               std::string(c.unit) + ", at most " +
                               std::to_string(c.max) + " are accepted";
  EXPECT_THAT(Lines(over.problems),
              ::testing::Contains(::testing::StartsWith(expected)));
}

TEST(LimitsTest, BoundEveryList) {
  for (const LimitCase& c : ListLimits()) CheckLimit(c);
}

TEST(LimitsTest, BoundEveryText) {
  for (const LimitCase& c : TextLimits()) CheckLimit(c);
}

TEST(LimitsTest, BoundCertificates) {
  EXPECT_FALSE(Refused(DecodeObject(ConnectionTrusting(kMaxCaBundle))));
  EXPECT_TRUE(Refused(DecodeObject(ConnectionTrusting(kMaxCaBundle + 1))));
}

}  // namespace
}  // namespace claviger::model

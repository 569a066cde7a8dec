// SPDX-License-Identifier: Apache-2.0
//
// A bed of real servers that all tests of a suite use in turn, since starting
// one takes seconds. Null where the machine has none: then SetUp skips.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "support/real_servers.h"

namespace claviger::testing {

/// `Bed::Start()` gives a Result of a std::unique_ptr<Bed>.
template <typename Bed>
class SharedBedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto bed = Bed::Start();
    if (!bed && MaySkip(bed.error())) return;
    ASSERT_TRUE(bed) << bed.error().message;
    bed_ = bed->release();
  }
  static void TearDownTestSuite() { delete std::exchange(bed_, nullptr); }
  void SetUp() override {
    if (bed_ == nullptr) GTEST_SKIP() << "real servers are not available";
    Begin();
  }
  void TearDown() override {
    if (bed_ != nullptr) End();
  }

  /// Before and after each test, where there are servers.
  virtual void Begin() {}
  virtual void End() {}

  static inline Bed* bed_ = nullptr;
};

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "base/backoff.h"

#include <gtest/gtest.h>

namespace claviger {
namespace {

using std::chrono::milliseconds;

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(double unit) : unit_(unit) {}
  double Unit() override { return unit_; }
  std::string Bytes(size_t count) override { return std::string(count, 'x'); }

 private:
  double unit_;
};

constexpr BackoffPolicy kPolicy{milliseconds(100), milliseconds(1000)};

TEST(BackoffTest, CeilingDoublesUntilTheCap) {
  FixedRandom almost_one(0.999999);
  EXPECT_EQ(BackoffDelay(kPolicy, 0, {}, almost_one), milliseconds(99));
  EXPECT_EQ(BackoffDelay(kPolicy, 1, {}, almost_one), milliseconds(199));
  EXPECT_EQ(BackoffDelay(kPolicy, 3, {}, almost_one), milliseconds(799));
  EXPECT_EQ(BackoffDelay(kPolicy, 4, {}, almost_one), milliseconds(999));
}

TEST(BackoffTest, JitterStillSpreadsAtTheCap) {
  FixedRandom low(0.1);
  FixedRandom high(0.9);
  EXPECT_EQ(BackoffDelay(kPolicy, 50, {}, low), milliseconds(100));
  EXPECT_EQ(BackoffDelay(kPolicy, 50, {}, high), milliseconds(900));
}

TEST(BackoffTest, WaitsAtLeastTheServersRetryAfter) {
  FixedRandom none(0.0);
  FixedRandom half(0.5);
  EXPECT_EQ(BackoffDelay(kPolicy, 0, milliseconds(3000), none),
            milliseconds(3000));
  EXPECT_EQ(BackoffDelay(kPolicy, 0, milliseconds(3000), half),
            milliseconds(3050));
}

TEST(BackoffTest, NegativeAndHugeAttemptsStayInBounds) {
  FixedRandom almost_one(0.999999);
  EXPECT_EQ(BackoffDelay(kPolicy, -3, {}, almost_one), milliseconds(99));
  EXPECT_EQ(BackoffDelay(kPolicy, 2'000'000'000, {}, almost_one),
            milliseconds(999));
}

TEST(SystemRandomTest, UnitIsBelowOneAndNotConstant) {
  SystemRandom random;
  double first = random.Unit();
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const double unit = random.Unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
    differs = differs || unit != first;
  }
  EXPECT_TRUE(differs);
  EXPECT_NE(random.Bytes(32), random.Bytes(32));
}

}  // namespace
}  // namespace claviger

// SPDX-License-Identifier: Apache-2.0
//
// The rules of a credential's life, one by one. What holds for any order of
// events is in life_properties_test.cc.
#include "sidecar/credentials/life_cycle.h"

#include <gtest/gtest.h>

namespace claviger::sidecar::life {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart{milliseconds(1'000'000)};

Lifetime Endless() { return {}; }
Lifetime Lease(milliseconds ttl, bool renewable = true) {
  return {Lifetime::Kind::kLease, ttl, renewable, true};
}
Lifetime Rotated(milliseconds ttl) {
  return {Lifetime::Kind::kRotated, ttl, false, false};
}
Error Away() { return {ErrorCode::kUnavailable, "away", std::nullopt}; }
Error Refusal() { return {ErrorCode::kPermissionDenied, "no", std::nullopt}; }

class LifeCycleTest : public ::testing::Test {
 protected:
  void Happens(const Event& event) {
    life = Next(life, event, now, dice, pace);
  }
  void Given(const Lifetime& lifetime) {
    Happens(Began{Task::kRead});
    Happens(Read{lifetime, now});
  }
  void After(milliseconds time) {
    now += time;
    Happens(Passed{});
  }
  // To the moment when something is to be done by itself.
  void AtNextAct() { After(*ActAt(life) - now); }
  void BeginWhatIsDue() {
    AtNextAct();
    const auto task = TaskOf(life, now);
    ASSERT_TRUE(task);
    Happens(Began{*task});
  }
  milliseconds Left() const { return *EndOf(*HeldAt(life, now)) - now; }

  SteadyTime now = kStart;
  double dice = 0.5;
  Pace pace;
  Life life;
};

TEST_F(LifeCycleTest, BeginsAbsentAndWaitsToBeAsked) {
  EXPECT_EQ(NameOf(life), "Absent");
  EXPECT_EQ(ActAt(life), std::nullopt);
  EXPECT_EQ(HeldAt(life, now), nullptr);
  Happens(Began{Task::kRead});
  EXPECT_TRUE(IsBusy(life));
  Happens(Read{Endless(), now});
  EXPECT_EQ(NameOf(life), "Fresh");
  EXPECT_EQ(EndOf(*HeldAt(life, now)), std::nullopt);
}

TEST_F(LifeCycleTest, ComparesWhatHasNoEndAtAJitteredInterval) {
  for (const auto& [unit, wait] :
       {std::pair(0.0, 48'000), {0.5, 60'000}, {0.999, 71'976}}) {
    dice = unit;
    Given(Endless());
    EXPECT_NEAR((*ActAt(life) - now).count(), wait, 2);
    life = Absent{};
  }
}

TEST_F(LifeCycleTest, ComparesSoonerWhereTheEngineSaysSo) {
  Given({Lifetime::Kind::kEndless, seconds(10), false, false});
  EXPECT_EQ(*ActAt(life) - now, seconds(10));
  // Never in a loop, whatever it says.
  Given({Lifetime::Kind::kEndless, milliseconds(1), false, false});
  Happens(Began{Task::kRead});
  Happens(Read{{Lifetime::Kind::kEndless, milliseconds(1), false, false}, now});
  EXPECT_EQ(*ActAt(life) - now, seconds(1));
}

TEST_F(LifeCycleTest, RenewsALeaseBetweenHalfAndFourFifthsOfItsLife) {
  for (const auto& [unit, wait] :
       {std::pair(0.0, 1'800'000), {0.5, 2'340'000}, {0.999, 2'878'920}}) {
    dice = unit;
    life = Absent{};
    Given(Lease(hours(1)));
    EXPECT_NEAR((*ActAt(life) - now).count(), wait, 2);
  }
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRenew);
}

TEST_F(LifeCycleTest, IsServedWhileItIsRenewed) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  EXPECT_NE(HeldAt(life, now), nullptr);
  Happens(Renewed{hours(1), true, now});
  EXPECT_EQ(NameOf(life), "Fresh");
  EXPECT_EQ(Left(), hours(1));
}

TEST_F(LifeCycleTest, CountsALifeFromWhenItWasAskedFor) {
  Happens(Began{Task::kRead});
  const SteadyTime asked = now;
  After(seconds(10));
  Happens(Read{Lease(minutes(1)), asked});
  EXPECT_EQ(Left(), seconds(50));
}

TEST_F(LifeCycleTest, ReplacesWhereVaultGivesLessThanWasAskedFor) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(Renewed{minutes(20), true, now});  // its longest life is near
  EXPECT_EQ(Left(), minutes(20));
  EXPECT_EQ(*ActAt(life) - now, minutes(13));
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRead);
  EXPECT_NE(HeldAt(life, now), nullptr);  // until the other one is here
  Happens(Read{Lease(hours(1)), now});
  EXPECT_EQ(Left(), hours(1));
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRenew);
}

TEST_F(LifeCycleTest, RoundingDownIsNotLess) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(Renewed{hours(1) - seconds(1), true, now});
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRenew);
}

TEST_F(LifeCycleTest, ReplacesWhatCannotBeRenewed) {
  Given(Lease(hours(1), false));
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRead);

  life = Absent{};
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(Renewed{hours(1), false, now});
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRead);
}

TEST_F(LifeCycleTest, ARenewalThatGivesNothingKeepsTheEndAndReplaces) {
  for (const milliseconds nothing : {milliseconds(0), -milliseconds(5'000)}) {
    life = Absent{};
    Given(Lease(hours(1)));
    BeginWhatIsDue();
    const milliseconds left = Left();
    Happens(Renewed{nothing, true, now});
    EXPECT_EQ(Left(), left);
    EXPECT_EQ(TaskOf(life, now), Task::kRead);
  }
}

TEST_F(LifeCycleTest, TakesNoLeaseWithoutTimeLeft) {
  for (const milliseconds ttl : {milliseconds(0), -milliseconds(3'600'000)}) {
    life = Absent{};
    Given(Lease(ttl));
    EXPECT_EQ(NameOf(life), "Absent");
    EXPECT_EQ(TroubleOf(life)->error.code, ErrorCode::kMalformed);
  }
  // Nor does one cost the credential before it.
  Given(Lease(hours(1)));
  Happens(Began{Task::kRead});
  Happens(Read{Lease(milliseconds(0)), now});
  EXPECT_EQ(NameOf(life), "Stale");
  EXPECT_EQ(Left(), hours(1));
}

TEST_F(LifeCycleTest, ALeaseOfCenturiesOverflowsNothing) {
  Given(Lease(milliseconds::max()));
  EXPECT_EQ(Left(), hours(24 * 3'650));
  BeginWhatIsDue();
  Happens(Renewed{milliseconds::max(), true, now});
  EXPECT_EQ(Left(), hours(24 * 3'650));
  Happens(LoginEnds{SteadyTime::max(), true, false});
  EXPECT_GE(*ActAt(life), now);
}

TEST_F(LifeCycleTest, ReadsARotatedOneAfterItsEndAndNotBefore) {
  Given(Rotated(minutes(5)));
  EXPECT_EQ(Left(), minutes(5));
  After(minutes(5));
  EXPECT_EQ(NameOf(life), "Expired");
  EXPECT_EQ(*ActAt(life) - now, seconds(1));  // spread over two seconds
  AtNextAct();
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
}

TEST_F(LifeCycleTest, OneThatIsBeingRotatedIsGoodForASecond) {
  Given(Rotated(milliseconds(0)));
  EXPECT_EQ(Left(), seconds(1));
}

TEST_F(LifeCycleTest, VaultAwayLeavesItServedUntilItsEndAndNoLonger) {
  Given(Lease(minutes(10)));
  BeginWhatIsDue();
  Happens(Failed{Away()});
  EXPECT_EQ(NameOf(life), "Stale");
  EXPECT_NE(HeldAt(life, now), nullptr);
  while (HeldAt(life, now) != nullptr) {
    AtNextAct();
    if (TaskOf(life, now)) {
      Happens(Began{*TaskOf(life, now)});
      EXPECT_EQ(std::get<Renewing>(life).task, Task::kRenew);
      Happens(Failed{Away()});
    }
  }
  EXPECT_EQ(now, kStart + minutes(10));
  EXPECT_EQ(NameOf(life), "Expired");
  // It goes on trying by itself, for those who only watch.
  AtNextAct();
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
}

TEST_F(LifeCycleTest, WaitsLongerWithEachFailureAndFullyJitteredAtTheCap) {
  Given(Endless());
  std::vector<milliseconds> pauses;
  for (const double unit : {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.9}) {
    Happens(Began{Task::kRead});
    dice = unit;
    Happens(Failed{Away()});
    pauses.push_back(*ActAt(life) - now);
    AtNextAct();
  }
  const std::vector<int> seconds_waited = {3, 4, 6, 10, 18, 32, 32, 2, 56};
  for (size_t i = 0; i < pauses.size(); ++i) {
    EXPECT_EQ(pauses[i], seconds_waited[i] * milliseconds(500)) << i;
  }
}

TEST_F(LifeCycleTest, WaitsLessWhereLittleIsLeftOfIt) {
  Given(Lease(seconds(60)));
  for (int i = 0; i < 10; ++i) {
    BeginWhatIsDue();
    Happens(Failed{Away()});
    const milliseconds pause = *ActAt(life) - now;
    EXPECT_LE(pause, std::max<milliseconds>(Left() / 2, milliseconds(250)));
    EXPECT_GE(pause, std::min<milliseconds>(Left(), milliseconds(250)));
  }
  EXPECT_LE(Left(), seconds(2));  // it did not wait for the end
}

TEST_F(LifeCycleTest, AddsWhatTheServerAsksFor) {
  Given(Endless());
  Happens(Began{Task::kRead});
  Error busy{ErrorCode::kRateLimited, "busy", seconds(20)};
  Happens(Failed{busy});
  EXPECT_EQ(*ActAt(life) - now, milliseconds(21'500));
}

TEST_F(LifeCycleTest, VaultsWordThatItIsGoneEndsItAtOnce) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kPermissionDenied,
        ErrorCode::kInvalidArgument}) {
    life = Absent{};
    Given(Endless());
    Happens(Began{Task::kRead});
    Happens(Failed{{code, "gone", std::nullopt}});
    EXPECT_EQ(NameOf(life), "Absent");
    EXPECT_EQ(HeldAt(life, now), nullptr);
    EXPECT_EQ(TroubleOf(life)->error.code, code);
    EXPECT_EQ(ActAt(life), std::nullopt);
  }
}

TEST_F(LifeCycleTest, ARefusedRenewalReplacesAtOnceAndServesUntilThen) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(Failed{Refusal()});
  EXPECT_EQ(NameOf(life), "Stale");
  EXPECT_NE(HeldAt(life, now), nullptr);
  ASSERT_EQ(TaskOf(life, now), Task::kRead);
  Happens(Began{Task::kRead});
  Happens(Failed{Away()});  // and never asks to renew that lease again
  AtNextAct();
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
}

TEST_F(LifeCycleTest, NothingSentTwiceWhileOneIsUnderWay) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(Began{Task::kRead});
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRenew);
  EXPECT_EQ(TaskOf(life, now), std::nullopt);
}

TEST_F(LifeCycleTest, ARenewalThatComesTooLateBringsNothingBack) {
  Given(Lease(minutes(1)));
  BeginWhatIsDue();
  After(minutes(1));
  Happens(Renewed{minutes(1), true, now});
  EXPECT_EQ(NameOf(life), "Expired");
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
}

TEST_F(LifeCycleTest, EndsWithTheLoginThatLeasedIt) {
  Given(Lease(hours(1)));
  Happens(LoginEnds{now + minutes(5), false, false});
  EXPECT_EQ(Left(), minutes(5));
  Happens(LoginEnds{now + minutes(50), false, false});  // the login was renewed
  EXPECT_EQ(Left(), minutes(50));
  After(minutes(50));
  EXPECT_EQ(NameOf(life), "Expired");
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
}

TEST_F(LifeCycleTest, AfterANewLoginItIsReplacedBeforeTheOldOneEnds) {
  Given(Lease(hours(1)));
  Happens(LoginEnds{now + minutes(10), true, false});
  EXPECT_NE(HeldAt(life, now), nullptr);  // not dropped
  EXPECT_EQ(*ActAt(life) - now, milliseconds(150'000));
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRead);
  Happens(Read{Lease(hours(1)), now});
  EXPECT_EQ(Left(), hours(1));
}

TEST_F(LifeCycleTest, WhereTheOldLoginIsDeadItIsReplacedAtOnceButServed) {
  Given(Lease(hours(1)));
  Happens(LoginEnds{now + minutes(10), true, true});
  EXPECT_EQ(TaskOf(life, now), Task::kRead);
  EXPECT_NE(HeldAt(life, now), nullptr);
}

TEST_F(LifeCycleTest, ANewLoginWhileItIsRenewedStillReplacesIt) {
  Given(Lease(hours(1)));
  BeginWhatIsDue();
  Happens(LoginEnds{now + hours(2), true, false});
  Happens(Renewed{hours(1), true, now});
  BeginWhatIsDue();
  EXPECT_EQ(std::get<Renewing>(life).task, Task::kRead);
}

TEST_F(LifeCycleTest, ALoginsEndIsNothingToWhatIsNoLease) {
  Given(Endless());
  Happens(LoginEnds{now + seconds(1), true, false});
  EXPECT_EQ(EndOf(*HeldAt(life, now)), std::nullopt);
}

TEST_F(LifeCycleTest, KnowsSinceWhenVaultCouldNotConfirmIt) {
  Given(Endless());
  BeginWhatIsDue();
  Happens(Failed{Away()});
  const SteadyTime first = now;
  for (int i = 0; i < 5; ++i) {
    BeginWhatIsDue();
    EXPECT_EQ(TroubleOf(life)->since, first);
    Happens(Failed{Away()});
    EXPECT_EQ(TroubleOf(life)->since, first);
  }
  BeginWhatIsDue();
  Happens(Read{Endless(), now});
  EXPECT_EQ(TroubleOf(life), nullptr);
  BeginWhatIsDue();
  Happens(Failed{Away()});
  EXPECT_EQ(TroubleOf(life)->since, now);
}

}  // namespace
}  // namespace claviger::sidecar::life

// SPDX-License-Identifier: Apache-2.0
//
// What holds for a credential's life whatever happens, and in whatever order:
// random events against a plain account of what Vault has said.
#include <gtest/gtest.h>

#include <algorithm>

#include "sidecar/credentials/life_cycle.h"
#include "support/dice.h"

namespace claviger::sidecar::life {
namespace {

using std::chrono::seconds;
using testing::Dice;

constexpr uint64_t kSeeds = 3'000;
constexpr int kEvents = 120;

// One credential, and Vault's side of it.
class World {
 public:
  explicit World(uint64_t seed) : dice_(seed) {}

  void Run() {
    for (int i = 0; i < kEvents && !::testing::Test::HasFailure(); ++i) {
      Step();
      Check();
    }
  }

 private:
  void Happens(const Event& event) {
    const double unit = dice_.Below(1'000) / 1'000.0;
    life_ = Next(life_, event, now_, unit, pace_);
  }

  milliseconds AnyTtl() {
    const std::vector<int64_t> ttls = {
        -5'000, 0,         1,          900,       5'000,
        60'000, 3'600'000, 86'400'000, 1LL << 62, -(1LL << 62)};
    return milliseconds(dice_.Pick(ttls));
  }

  Lifetime AnyLifetime() {
    Lifetime lifetime;
    lifetime.kind = static_cast<Lifetime::Kind>(dice_.Below(3));
    lifetime.ttl = AnyTtl();
    const bool lease = lifetime.kind == Lifetime::Kind::kLease;
    lifetime.renewable = lease && dice_.Chance(70);
    lifetime.of_login = lease && dice_.Chance(80);
    return lifetime;
  }

  Error AnyError() {
    Error error;
    error.code = static_cast<ErrorCode>(dice_.Below(14));
    if (dice_.Chance(10)) error.retry_after = seconds(dice_.Below(60));
    return error;
  }

  void Step() {
    switch (dice_.Below(10)) {
      case 0:
      case 1:
        now_ += milliseconds(dice_.Below(90'000));
        return Happens(Passed{});
      case 2:  // exactly when it says
        if (const auto at = ActAt(life_)) now_ = std::max(now_, *at);
        return Happens(Passed{});
      case 3:
      case 4:
        return Begin();
      case 5:
        return Login();
      default:
        return Finish();
    }
  }

  // What the store does: what is due, or a read that somebody wants.
  void Begin() {
    const bool busy = IsBusy(life_);
    const auto due = TaskOf(life_, now_);
    Happens(Began{due.value_or(Task::kRead)});
    if (busy) return;
    ASSERT_TRUE(IsBusy(life_));
    asked_ = now_;
    const auto* renewing = std::get_if<Renewing>(&life_);
    const bool renew = renewing != nullptr && renewing->task == Task::kRenew;
    if (!renew) return;
    ASSERT_TRUE(due == Task::kRenew);
    // A lease that lives, that Vault said it would renew, and that has had
    // no refusal and no lesser answer since.
    EXPECT_TRUE(renewable_) << "renews what Vault will not renew";
    EXPECT_TRUE(end_ && now_ < *end_) << "renews a dead lease";
  }

  void Finish() {
    if (!IsBusy(life_)) {
      // Answers that nobody waits for change nothing but the time.
      const Life before = Next(life_, Passed{}, now_, 0.5, pace_);
      Happens(dice_.Chance(50) ? Event(Read{AnyLifetime(), now_})
                               : Event(Renewed{AnyTtl(), true, now_}));
      EXPECT_EQ(before.index(), life_.index());
      return;
    }
    const auto* renewing = std::get_if<Renewing>(&life_);
    const bool renew = renewing != nullptr && renewing->task == Task::kRenew;
    if (dice_.Chance(40)) return Fail(renew);
    renew ? Renew() : ReadOne();
  }

  void Fail(bool renew) {
    const Error error = AnyError();
    const bool verdict = error.code == ErrorCode::kNotFound ||
                         error.code == ErrorCode::kPermissionDenied ||
                         error.code == ErrorCode::kInvalidArgument;
    const bool served = HeldAt(life_, now_) != nullptr;
    Happens(Failed{error});
    if (renew && verdict) renewable_ = false;
    if (verdict && !renew) {
      EXPECT_EQ(HeldAt(life_, now_), nullptr);
      end_ = now_;
      return;
    }
    // Nothing but Vault's word on the path takes away what is still good.
    EXPECT_EQ(HeldAt(life_, now_) != nullptr, served);
    const Trouble* trouble = TroubleOf(life_);
    ASSERT_NE(trouble, nullptr);
    EXPECT_LE(trouble->since, now_);
    EXPECT_LE(trouble->retry_at - now_,
              pace_.least_pause + pace_.backoff.cap +
                  error.retry_after.value_or(milliseconds(0)));
    if (!(renew && verdict)) {
      EXPECT_GE(trouble->retry_at - now_,
                served ? milliseconds(250) : pace_.least_pause);
    }
  }

  void Renew() {
    const milliseconds ttl = AnyTtl();
    const bool more = dice_.Chance(80);
    const milliseconds granted = HeldAt(life_, now_) == nullptr
                                     ? milliseconds(0)
                                     : HeldAt(life_, now_)->lifetime.ttl;
    Happens(Renewed{ttl, more, asked_});
    if (ttl.count() > 0 && end_ && now_ < *end_) {
      end_ = asked_ + std::min(ttl, kTenYears);
    }
    renewable_ =
        renewable_ && more && ttl.count() > 0 && ttl + seconds(1) >= granted;
  }

  void ReadOne() {
    const Lifetime lifetime = AnyLifetime();
    const auto before = EndNow();
    const bool served = HeldAt(life_, now_) != nullptr;
    Happens(Read{lifetime, asked_});
    const milliseconds ttl =
        std::clamp(lifetime.ttl, milliseconds(0), kTenYears);
    std::optional<SteadyTime> end;
    if (lifetime.kind == Lifetime::Kind::kLease) end = asked_ + ttl;
    if (lifetime.kind == Lifetime::Kind::kRotated) {
      end = asked_ + std::max<milliseconds>(ttl, seconds(1));
    }
    if (end && now_ >= *end) {  // worth nothing: what was is what is
      EXPECT_EQ(HeldAt(life_, now_) != nullptr, served);
      EXPECT_EQ(EndNow(), before);
      return;
    }
    EXPECT_EQ(NameOf(life_), "Fresh");
    end_ = end;
    login_end_.reset();
    endless_ = !end;
    of_login_ = lifetime.of_login;
    renewable_ = lifetime.kind == Lifetime::Kind::kLease && lifetime.renewable;
  }

  void Login() {
    const SteadyTime at = now_ + milliseconds(dice_.Below(7'200'000));
    const bool last = dice_.Chance(30);
    const bool served = HeldAt(life_, now_) != nullptr;
    Happens(LoginEnds{at, last, dice_.Chance(50)});
    if (!served || !of_login_) return;
    login_end_ = at;
    if (last) renewable_ = false;
  }

  std::optional<SteadyTime> EndNow() const {
    const Held* held = HeldAt(life_, now_);
    return held == nullptr ? std::nullopt : EndOf(*held);
  }

  void Check() {
    const Held* held = HeldAt(life_, now_);
    if (held != nullptr) {
      EXPECT_TRUE(endless_ || (end_ && now_ < *end_)) << "served too long";
      EXPECT_TRUE(!login_end_ || now_ < *login_end_) << "outlives its login";
      // Something is always coming, and not after its end.
      const auto at = ActAt(life_);
      if (!IsBusy(life_)) {
        ASSERT_TRUE(at);
      }
      const auto end = EndOf(*held);
      if (at && end) {
        EXPECT_LE(*at, *end);
      }
      if (end) {  // whoever looks at the last moment, without an event
        EXPECT_EQ(HeldAt(life_, *end), nullptr);
      }
    }
    if (std::holds_alternative<Expired>(life_) && !IsBusy(life_)) {
      EXPECT_TRUE(ActAt(life_));
    }
    EXPECT_FALSE(IsBusy(life_) && TaskOf(life_, now_)) << "sent twice";
  }

  static constexpr milliseconds kTenYears = std::chrono::hours(24 * 3'650);

  Dice dice_;
  Pace pace_;
  Life life_;
  SteadyTime now_{milliseconds(5'000'000)};
  SteadyTime asked_{milliseconds(5'000'000)};
  // By what Vault said:
  std::optional<SteadyTime> end_;
  std::optional<SteadyTime> login_end_;
  bool endless_ = false;
  bool of_login_ = false;
  bool renewable_ = false;
};

TEST(LifePropertiesTest, HoldForAnyOrderOfEvents) {
  for (uint64_t seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World(seed).Run();
  }
}

// With a Vault that always answers, there is never a moment without it, and
// never more than two leases: the one in use and the one it replaces.
TEST(LifePropertiesTest, ALeaseOfAHealthyVaultIsNeverMissed) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Dice dice(seed);
    const Pace pace;
    Life life;
    SteadyTime now{milliseconds(0)};
    const auto happens = [&](const Event& event) {
      life = Next(life, event, now, dice.Below(1'000) / 1'000.0, pace);
    };
    const seconds ttl(dice.Between(2, 600));
    const seconds longest(ttl.count() * dice.Between(1, 5));
    const Lifetime lease{Lifetime::Kind::kLease, ttl, true, true};
    std::vector<SteadyTime> ends;  // of every lease ever given
    SteadyTime born = now;
    happens(Began{Task::kRead});
    happens(Read{lease, now});
    ends.push_back(now + ttl);
    for (int acts = 0; acts < 200; ++acts) {
      now = *ActAt(life);
      ASSERT_NE(HeldAt(life, now), nullptr) << "seed " << seed;
      const auto task = TaskOf(life, now);
      ASSERT_TRUE(task);
      happens(Began{*task});
      now += milliseconds(dice.Below(50));
      if (*task == Task::kRenew) {
        const auto left = std::chrono::floor<seconds>(born + longest - now);
        const seconds given = std::min(ttl, left);
        happens(Renewed{given, true, now});
        if (given.count() > 0) ends.back() = now + given;
      } else {
        happens(Read{lease, now});
        born = now;
        ends.push_back(now + ttl);
      }
      EXPECT_LE(std::count_if(ends.begin(), ends.end(),
                              [&](SteadyTime end) { return end > now; }),
                2);
    }
  }
}

// A thousand that lose Vault together do not come back together.
TEST(LifePropertiesTest, RetriesAreSpreadEvenlyAtTheCap) {
  constexpr int kFleet = 1'000;
  const Pace pace;
  std::vector<int> per_second(64, 0);
  Dice dice(7);
  for (int i = 0; i < kFleet; ++i) {
    Life life;
    const SteadyTime now{milliseconds(0)};
    const auto happens = [&](const Event& event) {
      life = Next(life, event, now, dice.Below(100'000) / 100'000.0, pace);
    };
    happens(Began{Task::kRead});
    happens(Read{{}, now});
    for (int failures = 0; failures < 10; ++failures) {
      happens(Began{Task::kRead});
      happens(Failed{{ErrorCode::kUnavailable, "away", std::nullopt}});
    }
    ++per_second[static_cast<size_t>(
        std::chrono::floor<seconds>(*ActAt(life) - now).count())];
  }
  // 30 s of spread: 33 a second, on average.
  EXPECT_LE(*std::max_element(per_second.begin(), per_second.end()), 66);
}

}  // namespace
}  // namespace claviger::sidecar::life

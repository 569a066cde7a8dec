// SPDX-License-Identifier: Apache-2.0
//
// A day of played time for one sidecar with many credentials: rotations,
// replaced leases, new logins, Grants that come and go, and an outage each
// hour. What it holds at the day's end it held after a few hours.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kKv = 60;
constexpr int kLeased = 30;
constexpr int kStatic = 10;
constexpr int kHours = 24;
constexpr double kMostGrowth = 1.01;

// What is allocated now, in bytes.
size_t HeapInUse() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

class SoakTest : public ::testing::Test {
 protected:
  SoakTest() {
    for (int i = 0; i < kKv; ++i) Rotate(i);
    for (int i = 0; i < kLeased; ++i) {
      h_.vault.leases().AddDynamic("database/creds/" + Name("role", i),
                                   {minutes(10), minutes(30), true});
    }
    for (int i = 0; i < kStatic; ++i) {
      h_.vault.leases().AddStatic("database/static-creds/" + Name("app", i),
                                  minutes(5));
    }
    Grant(true);
    h_.Begin();
  }

  static std::string Name(const std::string& kind, int i) {
    return kind + "-" + std::to_string(i);
  }

  // Each time a text of the same length.
  void Rotate(int i) {
    const std::string password = std::to_string(100'000 + ++rotations_);
    h_.vault.PutSecret("secret/soak/" + Name("kv", i),
                       R"({"username":"u","password":")" + password + "\"}");
  }

  void Grant(bool all) {
    std::vector<model::Connection> connections;
    const auto add = [&](const std::string& name, const model::VaultRef& ref) {
      connections.push_back(AConnection("soak/" + name)
                                .Shared(model::SharingMode::kOrganization)
                                .WithDefault(ref)
                                .Disclosable());
    };
    for (int i = all ? 0 : kKv / 2; i < kKv; ++i) {
      add(Name("kv", i), Kv2("secret", "soak/" + Name("kv", i)));
    }
    for (int i = all ? 0 : kLeased / 2; i < kLeased; ++i) {
      add(Name("role", i), DatabaseRole("database", Name("role", i)));
    }
    for (int i = 0; i < kStatic; ++i) {
      model::VaultRef ref = DatabaseRole("database", Name("app", i));
      ref.engine = model::Engine::kDatabaseStatic;
      add(Name("app", i), ref);
    }
    h_.Publish(ObjectsOf(std::move(connections)));
  }

  // The most that was in use at the end of a minute.
  size_t PassAnHour() {
    size_t most = 0;
    for (int minute = 0; minute < 60; ++minute) {
      if (minute == 10) Grant(false);
      if (minute == 20) Grant(true);
      if (minute == 30) h_.vault.FailWith(ErrorCode::kUnavailable);
      if (minute == 35) h_.vault.FailWith(std::nullopt);
      Rotate(minute % kKv);
      for (int i = 0; i < 2; ++i) h_.Advance(seconds(30));
      if (minute % 5 == 0) AskForAll();
      h_.Forget();
      most = std::max(most, HeapInUse());
    }
    return most;
  }

  void AskForAll() {
    for (int i = 0; i < kKv; ++i) Ask(Name("kv", i));
    for (int i = 0; i < kLeased; ++i) Ask(Name("role", i));
    for (int i = 0; i < kStatic; ++i) Ask(Name("app", i));
  }

  void Ask(const std::string& name) {
    if (h_.Credential("soak/" + name)->status() == 200) ++served_;
  }

  Harness h_;
  int rotations_ = 0;
  int served_ = 0;
};

TEST_F(SoakTest, ADayOfRotationsAndOutagesKeepsNoMoreMemory) {
  size_t early = 0;
  size_t late = 0;
  for (int hour = 0; hour < kHours; ++hour) {
    const size_t most = PassAnHour();
    // The first hours fill what is bounded.
    if (hour == 5) early = most;
    if (hour == kHours - 1) late = most;
  }
  RecordProperty("early_bytes", static_cast<int>(early));
  RecordProperty("late_bytes", static_cast<int>(late));
  EXPECT_LE(static_cast<double>(late), static_cast<double>(early) * kMostGrowth)
      << early << " bytes, then " << late;
  // It did what a day is made of.
  EXPECT_GT(served_, kHours * 10 * (kKv + kLeased + kStatic));
  EXPECT_GT(h_.vault.leases().made(), kLeased * kHours);
  EXPECT_LE(h_.vault.leases().live(), 2U * kLeased);
  EXPECT_LE(h_.vault.logins(), kHours / 12);
}

}  // namespace
}  // namespace claviger::testing

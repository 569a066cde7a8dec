// SPDX-License-Identifier: Apache-2.0
//
// A thousand sidecars lose Vault for ten minutes, and their logins with it.
// They come back in played time; how fast they may is measured at a real Vault.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "integration/sidecar_bed.h"
#include "support/dice.h"
#include "support/real_servers.h"
#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kFleet = 1'000;
constexpr milliseconds kStep{250};
constexpr seconds kWatched{180};
constexpr double kShare = 0.3;

// Logins a second that this Vault sustains, asked by eight at once.
double SustainedLogins(SidecarBed& bed) {
  constexpr auto kSpan = std::chrono::seconds(2);
  const model::ObjectRef pod{"reports", "nightly"};
  auto token = bed.PodToken(pod);
  if (!token) return 0;
  const Secret jwt(std::move(*token));
  const SystemClock clock;
  const SteadyTime end = clock.SteadyNow() + kSpan;
  std::atomic<int> logins{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (clock.SteadyNow() < end) {
        if (bed.LogIn(pod, jwt)) ++logins;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  return logins / std::chrono::duration<double>(kSpan).count();
}

// One pod: its sidecar, and an application that asks it every second.
class Pod {
 public:
  explicit Pod(uint64_t seed) : dice_(seed) {
    std::vector<double> units(5'000);
    for (double& unit : units) unit = dice_.Below(100'000) / 100'000.0;
    h_.random.Use(std::move(units));
    h_.vault.SetLease(minutes(5));
    h_.vault.PutSecret("secret/sales/warehouse",
                       R"({"username":"app","password":"pw"})");
    h_.Publish(ObjectsOf({Warehouse()}));
    h_.Begin();
    // No two began at the same time.
    h_.Advance(milliseconds(dice_.Below(1'000)));
  }

  bool Served() { return h_.Credential("sales/warehouse")->status() == 200; }
  bool Stale() {
    return h_.Credential("sales/warehouse")->Json().value("stale", true);
  }
  void LoseVault() { h_.vault.FailWith(ErrorCode::kUnavailable); }
  void RegainVault() {
    h_.vault.RevokeAllTokens();
    h_.vault.FailWith(std::nullopt);
  }
  // How many logins a second of this pod's life took.
  int Second() {
    const int before = h_.vault.logins();
    for (milliseconds passed(0); passed < seconds(1); passed += kStep) {
      h_.Advance(kStep);
    }
    served_ = served_ && Served();
    return h_.vault.logins() - before;
  }
  bool served() const { return served_; }

 private:
  Dice dice_;
  Harness h_;
  bool served_ = true;
};

TEST(RecoveryTest, AFleetComesBackWithoutAStormOfLogins) {
  auto bed = SidecarBed::Start();
  CLAVIGER_NEED_SERVER(bed);
  model::Objects objects;
  objects.service_accounts = {{"reports", "nightly"}};
  (*bed)->Reconcile(std::move(objects));
  const double sustained = SustainedLogins(**bed);
  ASSERT_GT(sustained, 10);

  std::vector<int> per_second(static_cast<size_t>(kWatched.count()));
  int unserved = 0;
  int stale = 0;
  for (uint64_t i = 0; i < kFleet; ++i) {
    Pod pod(i);
    ASSERT_TRUE(pod.Served());
    pod.LoseVault();
    for (seconds passed(0); passed < minutes(10); ++passed) pod.Second();
    pod.RegainVault();
    for (int& logins : per_second) logins += pod.Second();
    if (!pod.served()) ++unserved;
    if (pod.Stale()) ++stale;
  }
  const int peak = *std::max_element(per_second.begin(), per_second.end());
  RecordProperty("sustained_logins_per_second", static_cast<int>(sustained));
  RecordProperty("peak_logins_per_second", peak);
  std::cout << "sustained " << sustained << " logins/s, peak of the fleet "
            << peak << " logins/s\n";
  EXPECT_EQ(unserved, 0) << "applications that were refused";
  EXPECT_EQ(stale, 0) << "not back after " << kWatched.count() << " s";
  EXPECT_LE(peak, kShare * sustained);
}

}  // namespace
}  // namespace claviger::testing

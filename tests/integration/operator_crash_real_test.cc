// SPDX-License-Identifier: Apache-2.0
//
// The operator killed before and after every call that writes, to the API
// server or to Vault, while objects are applied, edited and deleted: whoever is
// started next brings Vault to where it would be without the kill, and nobody
// reads at any moment what is not theirs. Every point in turn takes minutes:
// CLAVIGER_ALL_FAULT_POINTS=1 asks for that, else some of them are tried.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>

#include "access_watch.h"
#include "fault_bed.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr size_t kSampled = 15;
constexpr char kNightly[] = "reports/nightly";
constexpr char kCloser[] = "finance/closer";

/// One call of all that write, counted from 1; 0: none.
struct Point {
  int call = 0;
  bool before = true;  // it reaches the server, or after it did
};

std::string ToString(const Point& point) {
  return (point.before ? "before call " : "after call ") +
         std::to_string(point.call);
}

/// The state of Vault where the scenario rests.
struct Rests {
  json ready;
  json edited;
  json deleted;
};

class OperatorCrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto bed = FaultBed::Start();
    CLAVIGER_NEED_SERVER(bed);
    bed_ = *std::move(bed);
    for (FaultProxy* proxy : {&bed_->kube(), &bed_->vault()}) {
      proxy->OnCall([this](const ProxiedCall& call) { return Before(call); });
      proxy->OnAnswer([this](const ProxiedCall& call, ProxiedAnswer&) {
        if (call.IsWrite() && Meets(++answered_, false)) Kill(call);
      });
    }
  }

  void TearDown() override {
    if (bed_ == nullptr) return;
    bed_->kube().Heal();
    bed_->vault().Heal();
  }

  CallVerdict Before(const ProxiedCall& call) {
    if (!call.IsWrite() || !Meets(++asked_, true)) return {};
    Kill(call);
    return {CallVerdict::Kind::kDrop};
  }

  void Kill(const ProxiedCall& call) {
    bed_->Kill();
    const std::lock_guard lock(mutex_);
    what_ = call.method + " " + call.target;
  }

  bool Meets(int count, bool before) {
    const bool meets = count == point_call_ && before == point_before_;
    if (meets) killed_ = true;
    return meets;
  }

  void Restart() {
    bed_->DropLease();
    ASSERT_TRUE(bed_->StartOperator());
    ++restarts_;
  }

  // Waits with whoever runs, and starts another when it was killed.
  bool Reach(const std::function<bool()>& rest) {
    return ClusterBed::Await([&] {
      if (!bed_->Running()) Restart();
      return rest();
    });
  }

  bool VaultIs(const json& expected) {
    json last;
    const bool same = Reach([&] { return (last = bed_->Vault()) == expected; });
    EXPECT_TRUE(same) << json::diff(expected, last).dump(1) << bed_->Log();
    return same;
  }

  // Of this generation of the Grant, not of the one before.
  bool GrantIsReady(int generation) {
    const json grant = bed_->cluster().Get("Grant", "sales", "nightly");
    return grant.is_object() && grant["metadata"]["generation"] == generation &&
           grant.value("/status/observedGeneration"_json_pointer, 0) ==
               generation &&
           bed_->cluster().Condition("Grant", "sales", "nightly", "Ready") ==
               "True/Ready" &&
           bed_->cluster().Condition("Connection", "sales", "warehouse",
                                     "Ready") == "True/Ready";
  }

  // Where `rests` is given, what was reached must be that.
  void Compare(json Rests::*rest, const Rests* rests, Rests& found) {
    if (rests != nullptr) {
      EXPECT_TRUE(VaultIs(rests->*rest));
    } else {
      found.*rest = bed_->Vault();
    }
  }

  void Begin(const Point& point) {
    const std::lock_guard lock(mutex_);
    what_.clear();
    point_call_ = 0;
    asked_ = 0;
    answered_ = 0;
    killed_ = false;
    restarts_ = 0;
    bed_->EmptyVault();
    bed_->DropLease();
    point_before_ = point.before;
    point_call_ = point.call;
  }

  // Applies, edits and deletes, with one kill.
  Rests Play(const Point& point, const Rests* rests) {
    Rests found;
    Begin(point);
    AccessWatch access(bed_->cluster());
    EXPECT_TRUE(bed_->StartOperator());
    access.Allow(kNightly, true);
    EXPECT_TRUE(bed_->cluster().Apply(WarehouseYaml()));
    EXPECT_TRUE(bed_->cluster().Apply(GrantYaml("nightly", kNightly)));
    EXPECT_TRUE(Reach([&] { return GrantIsReady(1); })) << bed_->Log();
    Compare(&Rests::ready, rests, found);
    access.Allow(kCloser, true);
    EXPECT_TRUE(bed_->cluster().Apply(GrantYaml("nightly", kCloser)));
    EXPECT_TRUE(Reach([&] { return GrantIsReady(2); })) << bed_->Log();
    access.Allow(kNightly, false);
    Compare(&Rests::edited, rests, found);
    EXPECT_TRUE(bed_->cluster().Delete("Grant", "sales", "nightly"));
    EXPECT_TRUE(bed_->cluster().Delete("Connection", "sales", "warehouse"));
    EXPECT_TRUE(Reach([&] { return IsGone("Grant", "nightly"); }));
    access.Allow(kCloser, false);
    EXPECT_TRUE(Reach([&] { return IsGone("Connection", "warehouse"); }));
    Compare(&Rests::deleted, rests, found);
    bed_->StopOperator();  // which writes, too
    if (killed_ && restarts_ == 0) {
      Compare(&Rests::deleted, rests, found);
      bed_->StopOperator();
    }
    EXPECT_FALSE(bed_->cluster().LogIn("reports", "nightly"));
    EXPECT_FALSE(bed_->cluster().LogIn("finance", "closer"));
    EXPECT_EQ(access.Violations(), std::vector<std::string>());
    EXPECT_GT(access.reads(), 0);
    return found;
  }

  bool IsGone(const std::string& kind, const std::string& name) {
    return bed_->cluster().Get(kind, "sales", name).is_null();
  }

  std::unique_ptr<FaultBed> bed_;
  std::atomic<int> point_call_{0};
  std::atomic<bool> point_before_{true};
  std::atomic<int> asked_{0};
  std::atomic<int> answered_{0};
  std::atomic<bool> killed_{false};
  std::mutex mutex_;
  std::string what_;  // under mutex_
  int restarts_ = 0;
};

std::vector<Point> PointsOf(int calls) {
  std::vector<Point> points;
  for (int call = 1; call <= calls; ++call) {
    points.push_back({call, true});
    points.push_back({call, false});
  }
  const char* all = std::getenv("CLAVIGER_ALL_FAULT_POINTS");
  if (all != nullptr && std::string(all) == "1") return points;
  std::vector<Point> sampled;
  for (size_t i = 0; i < kSampled; ++i) {
    sampled.push_back(points[i * points.size() / kSampled]);
  }
  return sampled;
}

TEST_F(OperatorCrashTest, AKillAtAnyWriteLeavesNoOrphanAndOpensNothing) {
  const Rests undisturbed = Play({}, nullptr);
  const int calls = asked_;
  ASSERT_FALSE(HasFailure());
  EXPECT_GT(calls, 30);
  EXPECT_TRUE(
      undisturbed.ready.contains("role claviger.prod.sa.reports.nightly"));
  int killed = 0;
  for (const Point& point : PointsOf(calls)) {
    SCOPED_TRACE(ToString(point));
    Play(point, &undisturbed);
    std::cout << "killed " << ToString(point) << ": " << what_ << std::endl;
    if (killed_) ++killed;
    if (HasFailure()) return;
  }
  EXPECT_GT(killed, 0);
}

}  // namespace
}  // namespace claviger::testing

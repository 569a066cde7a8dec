// SPDX-License-Identifier: Apache-2.0
//
// When passes are made. Time moves only when the test moves it.
#include "operator/loop.h"

#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "unit/operator/fixture.h"

namespace claviger::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Objects that a test sets, and how often they were asked for.
class FakeSource final : public op::ObjectSource {
 public:
  Result<access::SharedObjects> Read() override {
    ++reads;
    changed = false;
    if (error) return Fail(*error);
    return access::Share(objects);
  }
  bool Changed() override {
    ++looks;
    return changed;
  }
  void Set(model::Objects next) {
    objects = std::move(next);
    changed = true;
  }

  model::Objects objects;
  std::optional<Error> error;
  bool changed = true;
  int reads = 0;
  int looks = 0;
};

class LoopTest : public ReconcilerFixture {
 protected:
  LoopTest() { source_.Set(Quickstart()); }

  /// Turns until nothing is due for `time` more.
  void Run(milliseconds time) {
    const SteadyTime end = clock_.SteadyNow() + time;
    while (clock_.SteadyNow() < end) {
      const milliseconds wait = loop_.Turn();
      ASSERT_GT(wait.count(), 0);
      clock_.Advance(std::min(wait, milliseconds(end - clock_.SteadyNow())));
      ++turns_;
    }
  }

  FakeClock clock_;
  FakeRandom random_;
  NullLogger log_;
  FakeSource source_;
  std::vector<op::PassReport> reports_;
  int turns_ = 0;
  op::Loop loop_{source_,
                 **process_,
                 clock_,
                 random_,
                 log_,
                 {},
                 [this](const op::PassReport& report, milliseconds) {
                   reports_.push_back(report);
                 }};
};

TEST_F(LoopTest, FirstTurnMakesAPass) {
  loop_.Turn();
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_TRUE(reports_[0].settled());
  EXPECT_FALSE(vault_.Policies().empty());
}

TEST_F(LoopTest, QuietSourceCostsLooksOnly) {
  loop_.Turn();
  vault_.ResetCounts();
  Run(seconds(60));
  EXPECT_EQ(vault_.calls(), 0);
  EXPECT_EQ(source_.reads, 1);
  EXPECT_NEAR(source_.looks, 31, 2);
  EXPECT_LT(turns_, 40);
}

TEST_F(LoopTest, ChangeIsTakenUpWithinTheInterval) {
  loop_.Turn();
  source_.Set({});
  Run(seconds(3));
  EXPECT_FALSE(vault_.HasPolicy("claviger.prod.sa.reports.nightly"));
}

TEST_F(LoopTest, WindowOpensOnTime) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.not_before = clock_.Now() + milliseconds(61'234);
  source_.Set(objects);
  Run(milliseconds(61'230));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
  Run(milliseconds(100));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), SizeIs(2));
}

// There is an edit whenever somebody looks.
TEST_F(LoopTest, AFloodOfEditsKeepsNoWindowOpen) {
  struct Flood final : op::ObjectSource {
    Result<access::SharedObjects> Read() override {
      return access::Share(objects);
    }
    std::optional<access::Edits> ReadEdits() override {
      ++edits;
      const model::Grant grant =
          AGrant("sales/edited", "warehouse")
              .To(Account("flood/a" + std::to_string(edits)));
      return access::Edits{
          {}, {std::make_shared<const model::Grant>(grant)}, {}, {}};
    }
    bool Changed() override { return true; }
    bool Edited() const override { return true; }
    model::Objects objects;
    int edits = 0;
  } flood;
  flood.objects = Quickstart();
  flood.objects.grants[0].window.expires_at = clock_.Now() + seconds(60);
  op::Loop loop(flood, **process_, clock_, random_, log_,
                {.source_wakes = true}, nullptr);
  // Nothing was read before: the first edit asks for everything.
  (void)(**process_).Pass(flood.objects, clock_.Now());
  for (int i = 0; i < 20; ++i) loop.Turn();
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), SizeIs(2));
  clock_.Advance(seconds(61));
  const int before = flood.edits;
  int turns = 0;
  while (CredentialPaths("sa.reports.nightly").size() == 2 && turns < 50) {
    loop.Turn();
    ++turns;
  }
  EXPECT_LE(turns, 10);
  // And the edits are not kept waiting by it.
  EXPECT_GE(flood.edits - before, turns - 2);
}

TEST_F(LoopTest, VaultAwayIsTriedAgainWithBackoff) {
  vault_.DieAfter(0, FakeVault::Fault::kBefore);
  Run(seconds(120));
  const int attempts = vault_.calls();
  EXPECT_GT(attempts, 4);
  EXPECT_LT(attempts, 40);
  EXPECT_EQ(source_.reads, 1);
  vault_.Heal();
  Run(seconds(31));
  EXPECT_TRUE(reports_.back().settled());
}

// A source that wakes the loop, as the Kubernetes API does.
TEST_F(LoopTest, AnEditIsLookedAtSoonWhileVaultIsAway) {
  op::Loop loop(source_, **process_, clock_, random_, log_,
                {.source_wakes = true},
                [this](const op::PassReport& report, milliseconds) {
                  reports_.push_back(report);
                });
  vault_.DieAfter(0, FakeVault::Fault::kBefore);
  for (int i = 0; i < 8; ++i) clock_.Advance(loop.Turn());  // long pauses now
  loop.Turn();
  const size_t before = reports_.size();
  source_.Set(Quickstart());
  clock_.Advance(seconds(2));
  loop.Turn();
  EXPECT_EQ(reports_.size(), before + 1);
  // But not again and again.
  loop.Turn();
  EXPECT_EQ(reports_.size(), before + 1);
}

TEST_F(LoopTest, RetryAfterIsHonoured) {
  struct Limited final : vault::Api {
    Result<vault::Answer> Do(const vault::Call&) override {
      ++calls;
      Error error{ErrorCode::kRateLimited, "slow down"};
      error.retry_after = seconds(20);
      return Fail(error);
    }
    int calls = 0;
  } limited;
  op::FixedToken token{Secret("root")};
  op::VaultStore store(limited, token, "claviger");
  op::Reconciler reconciler(TestSettings(), store);
  op::Loop loop(source_, reconciler, clock_, random_, log_, {}, nullptr);
  EXPECT_GE(loop.Turn(), seconds(20));
  EXPECT_EQ(limited.calls, 1);
}

TEST_F(LoopTest, FailureOfOnePrincipalDoesNotHoldUpChanges) {
  vault_.Refuse("claviger.prod.sa.reports.nightly");
  loop_.Turn();
  ASSERT_TRUE(reports_.back().retry());
  model::Objects objects = Quickstart();
  objects.service_accounts = {{"new", "comer"}};
  source_.Set(objects);
  Run(seconds(3));
  EXPECT_TRUE(vault_.HasPolicy("claviger.prod.sa.new.comer"));
  vault_.Heal();
  Run(seconds(31));
  EXPECT_TRUE(reports_.back().settled());
}

TEST_F(LoopTest, HandEditIsRestoredWithinARound) {
  loop_.Turn();
  vault_.SetPolicy("claviger.prod.sa.reports.nightly", "{}");
  Run(seconds(800));
  EXPECT_NE(vault_.Policy("claviger.prod.sa.reports.nightly"), "{}");
}

TEST_F(LoopTest, UnreadableSourceKeepsTheLastObjectsInForce) {
  model::Objects objects = Quickstart();
  objects.grants[0].window.expires_at = clock_.Now() + hours(1);
  source_.Set(objects);
  loop_.Turn();
  source_.error = Error{ErrorCode::kNotFound, "no such directory"};
  source_.changed = true;
  Run(seconds(10));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), SizeIs(2));
  Run(hours(1));
  EXPECT_THAT(CredentialPaths("sa.reports.nightly"), IsEmpty());
}

/// Counts lines, so that what does not change is not said again and again.
class CountingLogger final : public Logger {
 public:
  void Log(LogLevel level, std::string_view,
           std::initializer_list<LogField>) override {
    if (level >= LogLevel::kWarning) ++warnings;
  }
  int warnings = 0;
};

TEST_F(LoopTest, ConflictIsLoggedOnce) {
  CountingLogger log;
  vault_.SetPolicy("claviger.prod.sa.reports.nightly", "theirs");
  op::Loop loop(source_, **process_, clock_, random_, log, {}, nullptr);
  loop.Turn();
  EXPECT_EQ(log.warnings, 1);
  source_.changed = true;
  clock_.Advance(seconds(3));
  loop.Turn();
  EXPECT_EQ(log.warnings, 1);
}

}  // namespace
}  // namespace claviger::testing

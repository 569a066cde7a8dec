// SPDX-License-Identifier: Apache-2.0
#include "kube/lease_lock.h"

#include "support/fake_random.h"
#include "unit/kube/kube_testing.h"

namespace claviger::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::CodeOf;
using testing::FakeKube;

class LeaseLockTest : public testing::KubeTest {
 protected:
  LeaseLockTest() { kube_.Apply(kNamespaces, testing::KubeObject("", "ops")); }

  LeaseLock::Now Now() const { return {clock_.SteadyNow(), clock_.Now()}; }
  LeaseLock Lock(const std::string& identity) {
    return {client_, {.lease = kName, .identity = identity}, random_};
  }
  bool Step(LeaseLock& lock) { return lock.Step(Now()).leads; }
  nlohmann::json Spec() const { return kube_.Peek(kLeases, kName)["spec"]; }

  const ObjectName kName{"ops", "claviger-operator"};
  testing::FakeRandom random_;
};

TEST_F(LeaseLockTest, TakesALeaseThatNobodyHas) {
  LeaseLock a = Lock("a");
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
  const LeaseLock::Outcome outcome = a.Step(Now());
  EXPECT_TRUE(outcome.leads);
  EXPECT_EQ(outcome.wait, seconds(2));
  EXPECT_TRUE(a.Leads(clock_.SteadyNow()));
  EXPECT_EQ(Spec(),
            nlohmann::json({{"holderIdentity", "a"},
                            {"leaseDurationSeconds", 15},
                            {"leaseTransitions", 0},
                            {"acquireTime", "2026-01-01T00:00:00.000000Z"},
                            {"renewTime", "2026-01-01T00:00:00.000000Z"}}));
}

TEST_F(LeaseLockTest, LetsOnlyOneLead) {
  LeaseLock a = Lock("a");
  LeaseLock b = Lock("b");
  EXPECT_TRUE(Step(a));
  for (int i = 0; i < 30; ++i) {
    clock_.Advance(seconds(2));
    EXPECT_TRUE(Step(a));
    EXPECT_FALSE(Step(b));
  }
  EXPECT_EQ(b.holder(), "a");
}

TEST_F(LeaseLockTest, StopsByItsOwnDeadlineBeforeAnotherMayTakeOver) {
  LeaseLock a = Lock("a");
  LeaseLock b = Lock("b");
  Step(a);
  Step(b);  // sees it for the first time now
  clock_.Advance(milliseconds(9'999));
  EXPECT_TRUE(a.Leads(clock_.SteadyNow()));
  clock_.Advance(milliseconds(1));
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
  clock_.Advance(milliseconds(4'999));
  EXPECT_FALSE(Step(b));
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(Step(b));
  EXPECT_EQ(b.transitions(), 1);
  EXPECT_FALSE(Step(a));  // SIGCONT: another has it
}

TEST_F(LeaseLockTest, CountsFromWhatItSawNotFromOthersClocks) {
  LeaseLock a = Lock("a");
  Step(a);
  clock_.SetTime(clock_.Now() + std::chrono::hours(24));
  LeaseLock b = Lock("b");
  EXPECT_FALSE(Step(b));
  clock_.Advance(seconds(14));
  EXPECT_FALSE(Step(b));
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Step(b));
}

TEST_F(LeaseLockTest, LeadsOnThroughShortFailures) {
  LeaseLock a = Lock("a");
  Step(a);
  kube_.GoAway(true);
  clock_.Advance(seconds(8));
  const LeaseLock::Outcome outcome = a.Step(Now());
  EXPECT_TRUE(outcome.leads);
  EXPECT_EQ(outcome.error->code, ErrorCode::kUnavailable);
  kube_.GoAway(false);
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Step(a));
  clock_.Advance(seconds(9));
  EXPECT_TRUE(a.Leads(clock_.SteadyNow()));
}

TEST_F(LeaseLockTest, GivesUpWhenTheServerIsAwayForLong) {
  LeaseLock a = Lock("a");
  Step(a);
  kube_.Answer("leases", 429, 100, seconds(1));
  clock_.Advance(seconds(10));
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
  EXPECT_FALSE(Step(a));
  kube_.Heal();
  EXPECT_TRUE(Step(a));  // still its own
  EXPECT_EQ(a.transitions(), 0);
}

TEST_F(LeaseLockTest, RecognisesItsOwnWriteWhoseAnswerWasLost) {
  LeaseLock a = Lock("a");
  Step(a);
  clock_.Advance(seconds(2));
  kube_.DieAfter(0, FakeKube::When::kAfter);
  EXPECT_TRUE(Step(a));
  kube_.Heal();
  clock_.Advance(seconds(2));
  EXPECT_TRUE(Step(a));  // a conflict, with itself
  EXPECT_TRUE(Step(a));
  clock_.Advance(seconds(9));
  EXPECT_TRUE(a.Leads(clock_.SteadyNow()));
}

TEST_F(LeaseLockTest, StopsAtOnceWhenAnotherHasTheLease) {
  LeaseLock a = Lock("a");
  Step(a);
  kube_.Apply(kLeases, testing::KubeObject("ops", "claviger-operator",
                                           {{"holderIdentity", "b"},
                                            {"leaseDurationSeconds", 15}}));
  clock_.Advance(seconds(1));
  EXPECT_FALSE(Step(a));
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
}

TEST_F(LeaseLockTest, StopsWhenTheLeaseIsDeleted) {
  LeaseLock a = Lock("a");
  Step(a);
  kube_.Delete(kLeases, kName);
  EXPECT_FALSE(Step(a));
  EXPECT_TRUE(Step(a));
}

TEST_F(LeaseLockTest, HandsOverAtOnceOnAPlannedStop) {
  LeaseLock a = Lock("a");
  LeaseLock b = Lock("b");
  Step(a);
  Step(b);
  EXPECT_EQ(CodeOf(a.Release(Now())), "ok");
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
  EXPECT_TRUE(Step(b));
}

TEST_F(LeaseLockTest, LeadsNoMoreAfterAReleaseThatFailed) {
  LeaseLock a = Lock("a");
  Step(a);
  kube_.GoAway(true);
  EXPECT_EQ(CodeOf(a.Release(Now())), "unavailable");
  EXPECT_FALSE(a.Leads(clock_.SteadyNow()));
}

TEST_F(LeaseLockTest, LosesARaceForAFreeLease) {
  LeaseLock a = Lock("a");
  LeaseLock b = Lock("b");
  Step(a);
  Step(b);
  ASSERT_TRUE(a.Release(Now()));
  // Between the other's look and its write somebody else was there.
  kube_.SetHook([&](const Request& request,
                    FakeKube::When when) -> std::optional<Result<Response>> {
    if (request.method == "PATCH" && when == FakeKube::When::kBefore) {
      kube_.Apply(kLeases, testing::KubeObject("ops", "claviger-operator",
                                               {{"holderIdentity", "c"},
                                                {"leaseDurationSeconds", 15}}));
    }
    return std::nullopt;
  });
  EXPECT_FALSE(Step(b));
}

TEST_F(LeaseLockTest, RenewalsSayWhatTheLeaderNotes) {
  const auto annotations = [this] {
    return kube_.Peek(kLeases, kName)["metadata"].value("annotations",
                                                        nlohmann::json());
  };
  LeaseLock a = Lock("a");
  Step(a);
  a.Note("vault-epoch", "7");
  a.Note("held-back", "[]");
  EXPECT_EQ(a.Noted("vault-epoch"), "");  // not before it is stored
  Step(a);
  EXPECT_EQ(annotations(), nlohmann::json({{"claviger.io/vault-epoch", "7"},
                                           {"claviger.io/held-back", "[]"}}));
  EXPECT_EQ(a.Noted("vault-epoch"), "7");
  a.Note("held-back", "");
  a.Note("vault-epoch", "8");
  ASSERT_TRUE(a.Release(Now()));
  EXPECT_EQ(annotations(), nlohmann::json({{"claviger.io/vault-epoch", "8"}}));
}

TEST_F(LeaseLockTest, TheNextLeaderReadsTheNotesAndLeavesThem) {
  LeaseLock a = Lock("a");
  Step(a);
  a.Note("vault-epoch", "7");
  ASSERT_TRUE(a.Release(Now()));
  a.Note("vault-epoch", "6");  // too late: it does not lead any more
  LeaseLock b = Lock("b");
  EXPECT_TRUE(Step(b));
  EXPECT_EQ(b.Noted("vault-epoch"), "7");
  Step(b);
  EXPECT_EQ(b.Noted("vault-epoch"), "7");
  ASSERT_TRUE(b.Release(Now()));
  EXPECT_TRUE(Step(a));
  Step(a);
  EXPECT_EQ(a.Noted("vault-epoch"), "7");
}

TEST_F(LeaseLockTest, DoesNotWaitForEverOnAStrangersDuration) {
  kube_.Apply(kLeases, testing::KubeObject("ops", "claviger-operator",
                                           {{"holderIdentity", "x"},
                                            {"leaseDurationSeconds", 1e9}}));
  LeaseLock a = Lock("a");
  EXPECT_FALSE(Step(a));
  clock_.Advance(seconds(120));
  EXPECT_TRUE(Step(a));
}

TEST_F(LeaseLockTest, SpreadsThoseWhoWait) {
  LeaseLock a = Lock("a");
  Step(a);
  LeaseLock b = Lock("b");
  EXPECT_EQ(b.Step(Now()).wait, milliseconds(3'200));  // 2 s and half of 2.4 s
}

}  // namespace
}  // namespace claviger::kube

// SPDX-License-Identifier: Apache-2.0
//
// The operator while the API server or Vault is away, silent, slow, sealed or
// refuses: it says so in conditions and metrics, and goes on by itself, as the
// process that it is, once they are back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "outage_suite.h"

namespace claviger::testing {
namespace {

using Mode = FaultProxy::Mode;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(OperatorOutageTest, AnApiServerThatIsGoneIsWaitedFor) {
  PassApiOutage(Mode::kRefuse);
}

TEST_F(OperatorOutageTest, AnApiServerThatIsSilentIsWaitedFor) {
  PassApiOutage(Mode::kHang);
}

TEST_F(OperatorOutageTest, AnApiServerThatIsBusyDelaysAndLosesNothing) {
  std::atomic<int> refused{0};
  const HealAtEnd heal(bed_->kube());
  bed_->kube().OnCall([&](const ProxiedCall& call) {
    if (call.Names("/leases/")) return CallVerdict();
    ++refused;
    return CallVerdict{CallVerdict::Kind::kAnswer,
                       {429, "{}", "Retry-After: 1\r\n"}};
  });
  bed_->kube().BreakAll();
  Suspend(true);
  ASSERT_TRUE(ClusterBed::Await([&] { return refused >= 8; })) << bed_->Log();
  EXPECT_EQ(bed_->Metric(kLeading), 1);
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
  bed_->kube().Heal();
  ExpectSuspended();
}

TEST_F(OperatorOutageTest, AVaultThatIsSealedIsToldOfAndWaitedFor) {
  bed_->cluster().vault().Seal();
  Suspend(true);
  EXPECT_EQ(bed_->AwaitGrant("nightly", "False/VaultSealed"),
            "False/VaultSealed");
  EXPECT_GT(bed_->Metric(kPasses, "result=\"sealed\""), 0);
  bed_->cluster().vault().Unseal();
  ExpectSuspended();
}

TEST_F(OperatorOutageTest, AVaultThatIsGoneIsToldOfAndWaitedFor) {
  PassVaultTrouble([] { bed_->vault().SetMode(Mode::kRefuse); },
                   "VaultUnavailable", "unavailable",
                   [] { bed_->vault().SetMode(Mode::kPass); });
}

TEST_F(OperatorOutageTest, AVaultThatIsSilentIsToldOfAndWaitedFor) {
  PassVaultTrouble([] { bed_->vault().SetMode(Mode::kHang); },
                   "VaultUnavailable", "deadline_exceeded",
                   [] { bed_->vault().SetMode(Mode::kPass); });
}

TEST_F(OperatorOutageTest, AVaultThatBreaksAnswersOffIsToldOfAndWaitedFor) {
  PassVaultTrouble(
      [] {
        bed_->vault().BreakAfter(40);
        bed_->vault().BreakAll();
      },
      "VaultUnavailable", "unavailable", [] { bed_->vault().Heal(); });
}

TEST_F(OperatorOutageTest, AVaultThatIsBusyIsToldOfAndWaitedFor) {
  PassVaultAnswer(429, "Retry-After: 1\r\n", "VaultBusy", "rate_limited");
}

TEST_F(OperatorOutageTest, AVaultThatFailsIsToldOfAndWaitedFor) {
  PassVaultAnswer(500, "", "VaultUnavailable", "unavailable");
}

TEST_F(OperatorOutageTest, AVaultBehindABrokenGatewayIsToldOfAndWaitedFor) {
  PassVaultAnswer(502, "", "VaultUnavailable", "unavailable");
}

TEST_F(OperatorOutageTest, AVaultThatDeniesIsToldOfAndWaitedFor) {
  PassVaultAnswer(403, "", "VaultDenied", "failures");
}

TEST_F(OperatorOutageTest, AVaultThatAnswersHalfADocumentIsNotBelieved) {
  PassVaultTrouble(
      [] {
        bed_->vault().OnAnswer([](const ProxiedCall&, ProxiedAnswer& answer) {
          answer.body.resize(answer.body.size() / 2);
        });
      },
      "WriteFailed", "failures", [] { bed_->vault().Heal(); });
}

// The write was applied and its answer lost: it is read again, not assumed.
TEST_F(OperatorOutageTest, AWriteWithoutAnAnswerIsReadAgain) {
  std::atomic<int> cut{0};
  const HealAtEnd heal(bed_->vault());
  bed_->vault().OnAnswer([&](const ProxiedCall& call, ProxiedAnswer&) {
    if (!call.IsWrite() || call.Names("/auth/") || cut++ > 0) return;
    bed_->vault().BreakAll();
  });
  Suspend(true);
  ExpectSuspended();
  EXPECT_GT(cut, 0);
  EXPECT_THAT(bed_->Log(), Not(HasSubstr("\"conflict\"")));
}

}  // namespace
}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// The operator while the API server or Vault is away, silent, slow, sealed or
// refuses: it says so in conditions and metrics, and goes on by itself, as the
// process that it is, once they are back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "base/file.h"
#include "fault_suite.h"

namespace claviger::testing {
namespace {

using Mode = FaultProxy::Mode;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSlot[] = "secret/data/sales/warehouse";
constexpr char kPasses[] = "claviger_operator_passes_total";
constexpr char kLeading[] = "claviger_operator_leading";

// Of resident memory, ever.
size_t PeakKilobytes(pid_t pid) {
  const auto status =
      ReadFile("/proc/" + std::to_string(pid) + "/status", 65'536);
  const size_t at = status ? status->find("VmHWM:") : std::string::npos;
  return at == std::string::npos ? SIZE_MAX
                                 : std::stoul(status->substr(at + 6));
}

class OperatorOutageTest : public FaultSuite {
 protected:
  void Begin() override {
    ASSERT_TRUE(bed_->StartOperator());
    ASSERT_EQ(bed_->MakeReady(), "True/Ready") << bed_->Log();
    const auto token = bed_->cluster().LogIn("reports", "nightly");
    ASSERT_TRUE(token) << token.error().message;
    token_ = *token;
  }
  // It is still the process that was started: nothing made it end.
  void End() override {
    EXPECT_TRUE(bed_->Running()) << bed_->Log();
    CleanUp();
  }

  void Suspend(bool suspended) {
    ASSERT_TRUE(bed_->cluster().Apply(GrantYaml(
        "nightly", "reports/nightly",
        std::string("  suspended: ") + (suspended ? "true\n" : "false\n"))));
  }

  void ExpectSuspended() {
    EXPECT_EQ(bed_->AwaitGrant("nightly", "False/Suspended"), "False/Suspended")
        << bed_->Log();
    EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 403);
  }

  // Vault misbehaves, an edit waits and says why, a metric counts it; then it
  // behaves, and the edit takes effect.
  void PassVaultTrouble(const std::function<void()>& begin,
                        const std::string& reason, const std::string& result,
                        const std::function<void()>& end) {
    begin();
    Suspend(true);
    const std::string ready = "False/" + reason;
    EXPECT_EQ(bed_->AwaitGrant("nightly", ready), ready) << bed_->Log();
    EXPECT_GT(bed_->Metric(kPasses, "result=\"" + result + "\""), 0);
    EXPECT_EQ(bed_->Probe("/healthz"), 200);
    EXPECT_EQ(bed_->Metric(kLeading), 1);
    // What was in force stays so: nothing was half done.
    EXPECT_THAT(bed_->cluster().Policy("sa.reports.nightly"),
                HasSubstr("sales/warehouse"));
    end();
    ExpectSuspended();
  }

  void PassVaultAnswer(int status, const std::string& headers,
                       const std::string& reason, const std::string& result) {
    PassVaultTrouble(
        [&] {
          bed_->vault().OnCall([=](const ProxiedCall&) {
            return CallVerdict{CallVerdict::Kind::kAnswer,
                               {status, R"({"errors":["injected"]})", headers}};
          });
        },
        reason, result, [] { bed_->vault().Heal(); });
  }

  // Until nobody could lead any more, and a minute of it where that is so.
  void PassApiOutage(Mode mode) {
    const double failures =
        bed_->Metric("claviger_operator_api_failures_total", "grants");
    bed_->kube().SetMode(mode);
    Suspend(true);
    ASSERT_TRUE(bed_->process().WaitForLine("leadership lost", kPatience))
        << bed_->Log();
    EXPECT_EQ(bed_->Metric(kLeading), 0);
    EXPECT_EQ(bed_->Probe("/healthz"), 200);
    // Nobody told it of the edit.
    EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 200);
    if (mode == Mode::kRefuse) {
      EXPECT_GT(bed_->Metric("claviger_operator_api_failures_total", "grants"),
                failures);
    }
    bed_->kube().SetMode(Mode::kPass);
    ExpectSuspended();
    EXPECT_EQ(bed_->Metric(kLeading), 1);
  }

  std::string token_;
};

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
  EXPECT_EQ(bed_->cluster().Read(token_, kSlot), 200);
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

TEST_F(OperatorOutageTest, AVaultThatAnswersWithoutEndCostsNoMemory) {
  constexpr size_t kEndless = size_t{64} << 20U;
  PassVaultTrouble(
      [] {
        bed_->vault().OnAnswer([](const ProxiedCall&, ProxiedAnswer& answer) {
          answer.body.resize(kEndless, ' ');
        });
      },
      "TooLarge", "failures", [] { bed_->vault().Heal(); });
  EXPECT_LT(PeakKilobytes(bed_->process().pid()), kEndless / 1024);
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

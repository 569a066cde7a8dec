// SPDX-License-Identifier: Apache-2.0
//
// A Grant in force, and a server that stops being what it was: what every such
// trouble has in common.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/file.h"
#include "fault_suite.h"

namespace claviger::testing {

inline constexpr char kWarehouseSlot[] = "secret/data/sales/warehouse";
inline constexpr char kPasses[] = "claviger_operator_passes_total";
inline constexpr char kLeading[] = "claviger_operator_leading";

// Of resident memory, ever.
inline size_t PeakKilobytes(pid_t pid) {
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
    EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 403);
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
                ::testing::HasSubstr("sales/warehouse"));
    end();
    ExpectSuspended();
  }

  void PassVaultAnswer(int status, const std::string& headers,
                       const std::string& reason, const std::string& result,
                       const std::string& error = "injected") {
    PassVaultTrouble(
        [&] {
          bed_->vault().OnCall([=](const ProxiedCall&) {
            return CallVerdict{
                CallVerdict::Kind::kAnswer,
                {status, R"({"errors":[")" + error + R"("]})", headers}};
          });
        },
        reason, result, [] { bed_->vault().Heal(); });
  }

  // Until nobody can lead any more; gone, it stays so for a minute.
  void PassApiOutage(FaultProxy::Mode mode) {
    const double failures =
        bed_->Metric("claviger_operator_api_failures_total", "grants");
    bed_->kube().SetMode(mode);
    Suspend(true);
    ASSERT_TRUE(bed_->process().WaitForLine("leadership lost", kPatience))
        << bed_->Log();
    EXPECT_EQ(bed_->Metric(kLeading), 0);
    EXPECT_EQ(bed_->Probe("/healthz"), 200);
    // Nobody told it of the edit.
    EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
    if (mode == FaultProxy::Mode::kRefuse) {
      // Through the whole minute it lives, and writes nothing.
      EXPECT_FALSE(ClusterBed::Await(
          [&] {
            return bed_->Probe("/healthz") != 200 ||
                   bed_->Metric(kLeading) != 0;
          },
          std::chrono::minutes(1)));
      EXPECT_GT(bed_->Metric("claviger_operator_api_failures_total", "grants"),
                failures);
    }
    bed_->kube().SetMode(FaultProxy::Mode::kPass);
    ExpectSuspended();
    EXPECT_EQ(bed_->Metric(kLeading), 1);
  }

  std::string token_;
};

}  // namespace claviger::testing

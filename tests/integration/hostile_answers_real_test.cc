// SPDX-License-Identifier: Apache-2.0
//
// Answers that no honest server gives: too long, too many headers, compressed
// though nobody asked, broken off, or wrong in the middle of a list.
// They cost neither memory nor access, and pass.
#include <atomic>

#include "outage_suite.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

constexpr size_t kHuge = size_t{100} << 20U;
constexpr size_t kMostKilobytes = size_t{96} << 10U;

// A million of them, 10 MB.
std::string ManyHeaders() {
  std::string headers;
  for (int i = 0; i < 1'000'000; ++i) headers += "X-A: bc\r\n";
  return headers;
}

// What only somebody who unpacks it finds long.
constexpr char kPacked[] = "Content-Encoding: gzip\r\n";
std::string Bomb() {
  std::string bytes("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);
  return bytes + std::string(100'000, '\0');
}

class HostileAnswersTest : public OperatorOutageTest {
 protected:
  void PassVaultAnswers(const std::function<void(ProxiedAnswer&)>& change,
                        const std::string& reason, const std::string& result) {
    PassVaultTrouble(
        [&] {
          bed_->vault().OnAnswer(
              [change](const ProxiedCall&, ProxiedAnswer& answer) {
                change(answer);
              });
        },
        reason, result, [] { bed_->vault().Heal(); });
    EXPECT_LT(PeakKilobytes(bed_->process().pid()), kMostKilobytes);
  }

  // Lists of Grants are answered so, and an edit waits until they are not.
  void PassApiAnswers(const std::function<void(ProxiedAnswer&)>& change) {
    std::atomic<int> changed{0};
    const HealAtEnd heal(bed_->kube());
    bed_->kube().OnAnswer([&](const ProxiedCall& call, ProxiedAnswer& answer) {
      if (call.method != "GET" || !call.Names("/grants?")) return;
      ++changed;
      change(answer);
    });
    BreakWatches();
    Suspend(true);
    ASSERT_TRUE(ClusterBed::Await([&] { return changed >= 2; })) << bed_->Log();
    EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
    EXPECT_EQ(bed_->Metric(kLeading), 1);
    EXPECT_GT(bed_->Metric("claviger_operator_api_failures_total", "grants"),
              0);
    bed_->kube().Heal();
    ExpectSuspended();
    EXPECT_LT(PeakKilobytes(bed_->process().pid()), kMostKilobytes);
  }

  // Each collection is listed again, since its watch does not resume.
  void BreakWatches() {
    bed_->kube().OnCall([](const ProxiedCall& call) {
      if (!call.IsWatch()) return CallVerdict();
      return CallVerdict{CallVerdict::Kind::kAnswer,
                         {410, R"({"kind":"Status","code":410})", ""}};
    });
    bed_->kube().BreakAll();
  }
};

TEST_F(HostileAnswersTest, OfVaultWithoutEndCostNoMemory) {
  PassVaultAnswers(
      [](ProxiedAnswer& answer) { answer.body.resize(kHuge, ' '); }, "TooLarge",
      "failures");
}

TEST_F(HostileAnswersTest, OfVaultPackedThoughNobodyAskedAreNotUnpacked) {
  PassVaultAnswers(
      [](ProxiedAnswer& answer) {
        answer.body = Bomb();
        answer.headers += kPacked;
      },
      "WriteFailed", "failures");
}

TEST_F(HostileAnswersTest, OfVaultWithAMillionHeadersAreRefused) {
  PassVaultAnswers(
      [](ProxiedAnswer& answer) { answer.headers += ManyHeaders(); },
      "TooLarge", "failures");
}

TEST_F(HostileAnswersTest, OfVaultBrokenOffInTheBodyAreAskedForAgain) {
  PassVaultTrouble(
      [] {
        bed_->vault().BreakAfter(400);
        bed_->vault().BreakAll();
      },
      "VaultUnavailable", "unavailable", [] { bed_->vault().Heal(); });
}

TEST_F(HostileAnswersTest, OfAVaultWithoutALeaderAreWaitedOut) {
  PassVaultAnswer(500, "", "VaultUnavailable", "unavailable",
                  "local node not active but active cluster node not found");
}

TEST_F(HostileAnswersTest, OfAGatewayThatGaveUpOnVaultAreWaitedOut) {
  PassVaultAnswer(504, "", "VaultUnavailable", "unavailable");
}

TEST_F(HostileAnswersTest, OfTheApiServerWithoutEndCostNoMemory) {
  PassApiAnswers([](ProxiedAnswer& answer) {
    answer.body.insert(0, std::string(kHuge, ' '));
  });
}

TEST_F(HostileAnswersTest, OfTheApiServerPackedThoughNobodyAskedAreRefused) {
  PassApiAnswers([](ProxiedAnswer& answer) {
    answer.body = Bomb();
    answer.headers += kPacked;
  });
}

TEST_F(HostileAnswersTest, OfTheApiServerWithAMillionHeadersAreRefused) {
  PassApiAnswers(
      [](ProxiedAnswer& answer) { answer.headers += ManyHeaders(); });
}

// The second page of a list is too old already: from the beginning, and what
// was known stays.
TEST_F(HostileAnswersTest, AListThatEndsInTheMiddleDeletesNothing) {
  std::atomic<int> expired{0};
  const HealAtEnd heal(bed_->kube());
  bed_->kube().OnAnswer([](const ProxiedCall& call, ProxiedAnswer& answer) {
    if (call.method != "GET" || !call.Names("/grants?")) return;
    json list = json::parse(answer.body);
    list["items"] = json::array();
    list["metadata"]["continue"] = "page-two";
    answer.body = list.dump();
  });
  bed_->kube().OnCall([&](const ProxiedCall& call) {
    const bool second = call.Names("continue=page-two");
    if (!second && !call.IsWatch()) return CallVerdict();
    if (second) ++expired;
    return CallVerdict{
        CallVerdict::Kind::kAnswer,
        {410, R"({"kind":"Status","code":410,"reason":"Expired"})", ""}};
  });
  bed_->kube().BreakAll();
  Suspend(true);
  ASSERT_TRUE(ClusterBed::Await([&] { return expired >= 3; })) << bed_->Log();
  EXPECT_EQ(bed_->cluster().Read(token_, kWarehouseSlot), 200);
  EXPECT_EQ(bed_->Metric("claviger_operator_objects_missing"), 0);
  bed_->kube().Heal();
  ExpectSuspended();
}

}  // namespace
}  // namespace claviger::testing

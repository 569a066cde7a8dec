// SPDX-License-Identifier: Apache-2.0
//
// The decision log by itself: how often it writes, what it counts, and that
// its reference names every field.
#include "sidecar/decisions/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "unit/sidecar/harness.h"

namespace claviger::testing {
namespace {

using sidecar::DecisionKind;
using sidecar::DecisionLog;
using sidecar::DecisionRecord;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;

DecisionRecord Of(const std::string& connection, const char* reason) {
  DecisionRecord record;
  record.connection = connection;
  record.reason = reason;
  return record;
}

class DecisionLogTest : public ::testing::Test {
 protected:
  DecisionLog LogWith(seconds repeat) {
    return DecisionLog(
        {"sa/reports/nightly", repeat, clock, random, worker, metrics, &sink});
  }
  int64_t Total() const {
    int64_t total = 0;
    for (const std::string& line : sink.lines) {
      total += nlohmann::json::parse(line)["count"].get<int64_t>();
    }
    return total;
  }
  FakeClock clock;
  FakeRandom random;
  sidecar::Worker worker{clock, 16};
  sidecar::Metrics metrics;
  KeptLines sink;
  DecisionLog log{{"sa/reports/nightly", seconds(60), clock, random, worker,
                   metrics, &sink}};
};

TEST_F(DecisionLogTest, AFloodOfRefusalsIsBoundedAndCounted) {
  for (int i = 0; i < 5'000; ++i) {
    log.Note(Of("evil/c" + std::to_string(i), "NotVisible"));
  }
  EXPECT_LE(sink.lines.size(), 60U);
  for (int i = 0; i < 100; ++i) {
    clock.Advance(seconds(61));
    worker.RunDue();
  }
  log.Flush();
  EXPECT_EQ(Total(), 5'000);  // each was told of, one way or the other
}

TEST_F(DecisionLogTest, AFloodOfRefusalsKeepsNothingThatIsGivenOut) {
  const std::string id = log.Note(Of("sales/warehouse", "Allowed"));
  for (int i = 0; i < 5'000; ++i) {
    log.Note(Of("evil/c" + std::to_string(i), "NotVisible"));
  }
  EXPECT_EQ(log.Note(Of("sales/warehouse", "Allowed")), id);
  log.Note(Of("sales/other", "Allowed"));
  EXPECT_EQ(sink.Last()["connection"], "sales/other");
}

TEST_F(DecisionLogTest, IdsDifferBetweenDecisionsAndProcesses) {
  DecisionLog other = LogWith(seconds(60));
  const std::string a = log.Note(Of("sales/a", "Allowed"));
  EXPECT_NE(a, log.Note(Of("sales/b", "Allowed")));
  EXPECT_NE(a, other.Note(Of("sales/a", "Allowed")));
}

TEST_F(DecisionLogTest, CallsThatEndLaterAreSummedUp) {
  DecisionRecord record = Of("sales/api", "Allowed");
  record.kind = DecisionKind::kRequest;
  record.delivery = access::Delivery::kInject;
  record.method = "GET";
  record.target = "/v1/items/{}";
  for (int i = 0; i < 3; ++i) {
    log.Done(log.Open(record), {200, 10, 1'000});
  }
  EXPECT_THAT(sink.lines, SizeIs(1));
  EXPECT_EQ(sink.Last()["bytesDown"], 1'000);
  log.Done(log.Open(record), {503, 10, 0});
  ASSERT_THAT(sink.lines, SizeIs(3));  // the two that waited, and the new one
  const auto waited = nlohmann::json::parse(sink.lines[1]);
  EXPECT_EQ(waited["count"], 2);
  EXPECT_EQ(waited["status"], 200);
  EXPECT_EQ(waited["bytesDown"], 2'000);
  EXPECT_EQ(waited["target"], "/v1/items/{}");
  EXPECT_EQ(sink.Last()["status"], 503);
  EXPECT_EQ(sink.Last()["bytesDown"], 0);
}

TEST_F(DecisionLogTest, WithoutSamplingEachIsWritten) {
  DecisionLog each = LogWith(seconds(0));
  for (int i = 0; i < 20; ++i) each.Note(Of("sales/a", "Allowed"));
  EXPECT_THAT(sink.lines, SizeIs(20));
  for (int i = 0; i < 400; ++i) each.Note(Of("sales/a", "Allowed"));
  EXPECT_THAT(sink.lines, SizeIs(200));
  clock.Advance(seconds(1));
  worker.RunDue();
  EXPECT_EQ(sink.Last()["count"], 220);
}

TEST_F(DecisionLogTest, WhatASinkHasNoRoomForIsToldLater) {
  sink.full = true;
  log.Note(Of("sales/a", "Allowed"));
  sink.full = false;
  log.Note(Of("sales/b", "Allowed"));
  ASSERT_THAT(sink.lines, SizeIs(2));
  const auto told = nlohmann::json::parse(sink.lines[0]);
  EXPECT_EQ(told["kind"], "leftOut");
  EXPECT_EQ(told["count"], 1);
  EXPECT_FALSE(told.contains("decisionId"));
  EXPECT_THAT(metrics.Serialize(),
              HasSubstr("claviger_sidecar_decisions_total{result=\"left_out\"} "
                        "1"));
}

TEST_F(DecisionLogTest, NothingIsLostAtTheEnd) {
  for (int i = 0; i < 7; ++i) log.Note(Of("sales/a", "Allowed"));
  log.Flush();
  EXPECT_EQ(Total(), 7);
}

TEST_F(DecisionLogTest, LongTextsAreCut) {
  DecisionRecord record = Of(std::string(5'000, 'c'), "Allowed");
  record.user = std::string(5'000, 'u');
  record.why = std::string(5'000, 'w');
  log.Note(std::move(record));
  EXPECT_LE(sink.lines.back().size(), 4'096U);
}

TEST(DecisionFieldsTest, TheReferenceNamesThemInOrder) {
  std::ifstream file(std::string(CLAVIGER_SOURCE_DIR) +
                     "/docs/reference/decision-log.md");
  std::stringstream text;
  text << file.rdbuf();
  std::string table;
  for (const sidecar::DecisionField& field : sidecar::DecisionFields()) {
    table.append("| `").append(field.name).append("` | ");
    table.append(field.presence).append(" | ").append(field.meaning);
    table.append(" |\n");
  }
  EXPECT_THAT(text.str(), HasSubstr("| --- | --- | --- |\n" + table + "\n"));
}

}  // namespace
}  // namespace claviger::testing

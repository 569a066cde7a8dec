// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's side of being told of changes: when it looks, how often at
// most, and how it comes back.
#include "sidecar/push/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "support/fake_clock.h"
#include "support/fake_random.h"

namespace claviger::testing {
namespace {

using sidecar::push::Client;
using sidecar::push::Line;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Does what a test says it does.
class PlayedLine final : public Line {
 public:
  void Open(const access::PushDocument& where, Secret token, OnChange change,
            OnEnd end) override {
    ++opened;
    address = where.address;
    shown = std::string(token.Reveal());
    on_change = std::move(change);
    on_end = std::move(end);
  }
  void Close() override { closed = true; }

  int opened = 0;
  bool closed = false;
  std::string address;
  std::string shown;
  OnChange on_change;
  OnEnd on_end;
};

class PushClientTest : public ::testing::Test {
 protected:
  PushClientTest() {
    client.Begin();
    Advance(seconds(10));
  }
  void Advance(milliseconds by) {
    // In small steps: timers that set timers.
    for (milliseconds left = by; left > milliseconds(0);
         left -= milliseconds(100)) {
      clock.Advance(std::min(left, milliseconds(100)));
      worker.RunDue();
    }
  }
  Client::Parts Parts() {
    return {clock,
            random,
            log,
            worker,
            metrics,
            milliseconds(5'000),
            &line,
            [this]() -> Result<access::PushDocument> {
              ++searches;
              if (missing) return Fail(*missing, "no document");
              return document;
            },
            []() -> Result<Secret> { return Secret("push-token"); },
            [this] { ++checks; }};
  }

  FakeClock clock;
  FakeRandom random;
  NullLogger log;
  sidecar::Worker worker{clock, 16};
  sidecar::Metrics metrics;
  PlayedLine line;
  access::PushDocument document{"10.0.3.7:9444", "a.b.svc", "PEM"};
  std::optional<ErrorCode> missing;
  int searches = 0;
  int checks = 0;
  Client client{Parts()};
};

TEST_F(PushClientTest, ConnectsToTheLeaderWithItsOwnToken) {
  EXPECT_EQ(line.opened, 1);
  EXPECT_EQ(line.address, "10.0.3.7:9444");
  EXPECT_EQ(line.shown, "push-token");
  EXPECT_EQ(checks, 0);  // nothing was told yet
}

TEST_F(PushClientTest, LooksSoonForItsOwnAndSpreadOutForEveryone) {
  line.on_change("own");
  worker.RunDue();
  EXPECT_EQ(checks, 0);
  Advance(milliseconds(200));
  EXPECT_EQ(checks, 1);
  line.on_change("everyone");
  Advance(milliseconds(2'000));
  EXPECT_EQ(checks, 1);
  Advance(milliseconds(3'000));
  EXPECT_EQ(checks, 2);
}

TEST_F(PushClientTest, AnOperatorGoneMadMakesItLookNoMoreOftenThanItPolls) {
  for (int i = 0; i < 6'000; ++i) {  // ten minutes
    for (int j = 0; j < 20; ++j) line.on_change("own");
    Advance(milliseconds(100));
  }
  EXPECT_LE(checks, 5 + 600 / 5);
  EXPECT_GE(checks, 600 / 5);
}

TEST_F(PushClientTest, ComesBackAtARandomTimeAndLaterAfterEachFailure) {
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(seconds(14));
  EXPECT_EQ(line.opened, 1);
  Advance(seconds(2));  // half of 30 s: the test's chance is one half
  EXPECT_EQ(line.opened, 2);
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(seconds(29));
  EXPECT_EQ(line.opened, 2);
  Advance(seconds(2));
  EXPECT_EQ(line.opened, 3);
  // It holds for a while: no failure any more.
  Advance(seconds(120));
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(seconds(16));
  EXPECT_EQ(line.opened, 4);
}

TEST_F(PushClientTest, WaitsAsLongAsItIsToldTo) {
  line.on_end({ErrorCode::kRateLimited, "busy", seconds(100)});
  Advance(seconds(110));
  EXPECT_EQ(line.opened, 1);
  Advance(seconds(10));
  EXPECT_EQ(line.opened, 2);
}

TEST_F(PushClientTest, FindsTheNextLeader) {
  document.address = "10.0.3.8:9444";
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(seconds(16));
  EXPECT_EQ(line.address, "10.0.3.8:9444");
}

TEST_F(PushClientTest, LooksForALeaderThatTellsNothingEveryFewMinutesOnly) {
  missing = ErrorCode::kNotFound;
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(std::chrono::minutes(60));
  EXPECT_EQ(line.opened, 1);
  EXPECT_LE(searches, 15);
  missing.reset();
  Advance(std::chrono::minutes(6));
  EXPECT_EQ(line.opened, 2);
}

TEST_F(PushClientTest, AVaultThatIsAwayEndsNothing) {
  missing = ErrorCode::kUnavailable;
  line.on_end({ErrorCode::kUnavailable, "gone"});
  Advance(std::chrono::minutes(20));
  missing.reset();
  Advance(std::chrono::minutes(5));
  EXPECT_EQ(line.opened, 2);
}

TEST_F(PushClientTest, EndsWithTheSidecar) {
  client.End();
  EXPECT_TRUE(line.closed);
}

}  // namespace
}  // namespace claviger::testing

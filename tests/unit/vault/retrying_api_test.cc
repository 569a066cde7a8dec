// SPDX-License-Identifier: Apache-2.0
#include "vault/retrying_api.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/fake_random.h"
#include "support/fake_vault_api.h"

namespace claviger::vault {
namespace {

using std::chrono::milliseconds;
using testing::FakeClock;
using testing::FakeRandom;
using testing::FakeVaultApi;
using Waits = std::vector<milliseconds>;

class RetryingApiTest : public ::testing::Test {
 protected:
  std::unique_ptr<Api> Make(const RetrySettings& settings,
                            const Clock* clock = nullptr) {
    return MakeRetryingApi(
        next_, settings, random_,
        [this](milliseconds time) {
          waits_.push_back(time);
          clock_.Advance(time);
          return !stopping_;
        },
        clock);
  }

  static RetrySettings Settings() {
    RetrySettings settings;
    settings.backoff = {milliseconds(100), milliseconds(400)};
    settings.max_attempts = 3;
    return settings;
  }

  FakeVaultApi next_;
  FakeRandom random_{{0.5}};
  FakeClock clock_;
  Waits waits_;
  bool stopping_ = false;
};

Call Read() {
  Call call;
  call.path = "secret/data/a";
  return call;
}

TEST_F(RetryingApiTest, DoesNotRepeatASuccess) {
  next_.Answer(200, "{}");
  EXPECT_TRUE(Make(Settings())->Do(Read()));
  EXPECT_EQ(next_.seen().size(), 1U);
  EXPECT_EQ(waits_, Waits{});
}

TEST_F(RetryingApiTest, RepeatsWhatMayPassAndReturnsTheSuccess) {
  next_.Break(ErrorCode::kUnavailable);
  next_.Break(ErrorCode::kSealed);
  next_.Answer(200, R"({"a":1})");
  const auto answer = Make(Settings())->Do(Read());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, R"({"a":1})");
  EXPECT_EQ(waits_, (Waits{milliseconds(50), milliseconds(100)}));
}

TEST_F(RetryingApiTest, ReturnsTheLastErrorAfterItsAttempts) {
  next_.Break(ErrorCode::kUnavailable);
  next_.Break(ErrorCode::kUnavailable);
  next_.Break(ErrorCode::kRateLimited);
  const auto answer = Make(Settings())->Do(Read());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(next_.seen().size(), 3U);
}

TEST_F(RetryingApiTest, RepeatsNothingThatWillNotPass) {
  for (const ErrorCode code :
       {ErrorCode::kInvalidArgument, ErrorCode::kUnauthenticated,
        ErrorCode::kPermissionDenied, ErrorCode::kNotFound,
        ErrorCode::kConflict, ErrorCode::kTooLarge, ErrorCode::kMalformed,
        ErrorCode::kRedirected, ErrorCode::kUnsupported,
        ErrorCode::kInternal}) {
    next_.Break(code);
    const auto answer = Make(Settings())->Do(Read());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code);
  }
  EXPECT_EQ(waits_, Waits{});
}

TEST_F(RetryingApiTest, NeverRepeatsWhatIsNotIdempotent) {
  next_.Break(ErrorCode::kUnavailable);
  next_.Answer(200);
  Call login = Read();
  login.verb = Verb::kWrite;
  login.idempotent = false;
  EXPECT_FALSE(Make(Settings())->Do(login));
  EXPECT_EQ(next_.seen().size(), 1U);
  EXPECT_EQ(waits_, Waits{});
}

TEST_F(RetryingApiTest, JittersAfterTheCapSoThatFleetsSpread) {
  RetrySettings settings = Settings();
  settings.max_attempts = 6;
  FakeRandom spread({0.0, 0.999, 0.25, 0.75, 0.5});
  for (int i = 0; i < 6; ++i) next_.Break(ErrorCode::kUnavailable);
  const auto api =
      MakeRetryingApi(next_, settings, spread, [this](milliseconds time) {
        waits_.push_back(time);
        return true;
      });
  EXPECT_FALSE(api->Do(Read()));
  // Ceilings 100, 200, then 400 for ever; all of each is used.
  EXPECT_EQ(waits_,
            (Waits{milliseconds(0), milliseconds(199), milliseconds(100),
                   milliseconds(300), milliseconds(200)}));
}

TEST_F(RetryingApiTest, WaitsAsLongAsTheServerAskedAndALittleMore) {
  next_.Break({ErrorCode::kRateLimited, "slow down", milliseconds(2'000)});
  next_.Answer(200);
  EXPECT_TRUE(Make(Settings())->Do(Read()));
  EXPECT_EQ(waits_, Waits{milliseconds(2'050)});
}

TEST_F(RetryingApiTest, CapsWhatAServerMayAskFor) {
  RetrySettings settings = Settings();
  settings.max_retry_after = milliseconds(3'000);
  next_.Break({ErrorCode::kRateLimited, "slow down", milliseconds(900'000)});
  next_.Answer(200);
  EXPECT_TRUE(Make(settings)->Do(Read()));
  EXPECT_EQ(waits_, Waits{milliseconds(3'050)});
}

TEST_F(RetryingApiTest, DoesNotWaitPastTheDeadline) {
  next_.Break({ErrorCode::kRateLimited, "slow down", milliseconds(2'000)});
  Call call = Read();
  call.deadline = milliseconds(2'000);
  const auto answer = Make(Settings())->Do(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(waits_, Waits{});
}

TEST_F(RetryingApiTest, GivesLaterAttemptsWhatIsLeftOfTheDeadline) {
  next_.Break(ErrorCode::kUnavailable);
  next_.Break(ErrorCode::kUnavailable);
  next_.Answer(200);
  Call call = Read();
  call.deadline = milliseconds(1'000);
  EXPECT_TRUE(Make(Settings())->Do(call));
  EXPECT_EQ(next_.seen().at(0).deadline, milliseconds(1'000));
  EXPECT_EQ(next_.seen().at(1).deadline, milliseconds(950));
  EXPECT_EQ(next_.seen().at(2).deadline, milliseconds(850));
}

TEST_F(RetryingApiTest, CountsTheTimeOfAttemptsWithAClock) {
  next_.SetHandler([&](const auto&) -> Result<Answer> {
    clock_.Advance(milliseconds(400));
    return Fail(ErrorCode::kUnavailable, "slow");
  });
  Call call = Read();
  call.deadline = milliseconds(1'000);
  EXPECT_FALSE(Make(Settings(), &clock_)->Do(call));
  // 400 spent and 50 waited leave 550; 400 more and 100 would leave 50.
  ASSERT_EQ(next_.seen().size(), 3U);
  EXPECT_EQ(next_.seen().at(1).deadline, milliseconds(550));
  EXPECT_EQ(next_.seen().at(2).deadline, milliseconds(50));
}

TEST_F(RetryingApiTest, DoesNotRepeatACallWhoseDeadlineRanOut) {
  next_.Break(ErrorCode::kDeadlineExceeded);
  EXPECT_FALSE(Make(Settings())->Do(Read()));
  EXPECT_EQ(next_.seen().size(), 1U);
}

TEST_F(RetryingApiTest, StopsWhenTheProcessDoes) {
  stopping_ = true;
  next_.Break(ErrorCode::kUnavailable);
  const auto answer = Make(Settings())->Do(Read());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(next_.seen().size(), 1U);
}

TEST_F(RetryingApiTest, RepeatsTheWholeCall) {
  next_.Break(ErrorCode::kUnavailable);
  next_.Answer(204);
  const Secret token(std::string("s.1"));
  Call call = Read();
  call.verb = Verb::kWrite;
  call.body = R"({"policy":"{}"})";
  call.token = &token;
  ASSERT_TRUE(Make(Settings())->Do(call));
  EXPECT_EQ(next_.seen().at(1).body, call.body);
  EXPECT_EQ(next_.seen().at(1).token, "s.1");
  EXPECT_EQ(next_.seen().at(1).verb, Verb::kWrite);
}

}  // namespace
}  // namespace claviger::vault

// SPDX-License-Identifier: Apache-2.0
#include "vault/retrying_api.h"

#include <algorithm>
#include <utility>

namespace claviger::vault {
namespace {

using std::chrono::milliseconds;
using Sleeper = std::function<bool(milliseconds)>;

// What is left of a call's deadline.
class Budget {
 public:
  Budget(milliseconds whole, const Clock* clock)
      : left_(whole), clock_(clock), started_(Now()) {}

  void Waited(milliseconds time) {
    if (clock_ == nullptr) left_ -= time;
  }
  milliseconds Left() const { return left_ - (Now() - started_); }

 private:
  SteadyTime Now() const {
    return clock_ == nullptr ? SteadyTime{} : clock_->SteadyNow();
  }

  milliseconds left_;
  const Clock* clock_;
  SteadyTime started_;
};

class RetryingApi final : public Api {
 public:
  RetryingApi(Api& next, const RetrySettings& settings, Random& random,
              Sleeper sleeper, const Clock* clock)
      : next_(next),
        settings_(settings),
        random_(random),
        sleeper_(std::move(sleeper)),
        clock_(clock) {}

  Result<Answer> Do(const Call& call) override {
    if (!call.idempotent) return next_.Do(call);
    Budget budget(call.deadline, clock_);
    for (int attempt = 0;; ++attempt) {
      Result<Answer> answer = Try(call, budget.Left());
      if (answer || attempt + 1 >= settings_.max_attempts ||
          !Await(answer.error(), attempt, budget)) {
        return answer;
      }
    }
  }

 private:
  Result<Answer> Try(const Call& call, milliseconds left) {
    if (left == call.deadline) return next_.Do(call);
    Call shorter = call;
    shorter.deadline = left;
    Result<Answer> answer = next_.Do(shorter);
    WipeString(shorter.body);
    return answer;
  }

  // Waits before the next attempt; false where there must be none.
  bool Await(const Error& error, int attempt, Budget& budget) {
    // The deadline that ran out was the whole call's.
    if (!IsRetryable(error.code) ||
        error.code == ErrorCode::kDeadlineExceeded) {
      return false;
    }
    const milliseconds asked = std::min(
        error.retry_after.value_or(milliseconds{0}), settings_.max_retry_after);
    const milliseconds wait =
        BackoffDelay(settings_.backoff, attempt, asked, random_);
    if (wait >= budget.Left() || !sleeper_(wait)) return false;
    budget.Waited(wait);
    return budget.Left() > milliseconds{0};
  }

  Api& next_;
  const RetrySettings settings_;
  Random& random_;
  const Sleeper sleeper_;
  const Clock* const clock_;
};

}  // namespace

std::unique_ptr<Api> MakeRetryingApi(Api& next, const RetrySettings& settings,
                                     Random& random, Sleeper sleeper,
                                     const Clock* clock) {
  return std::make_unique<RetryingApi>(next, settings, random,
                                       std::move(sleeper), clock);
}

}  // namespace claviger::vault

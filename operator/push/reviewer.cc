// SPDX-License-Identifier: Apache-2.0
#include "operator/push/reviewer.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "operator/push/token_review.h"

namespace claviger::op::push {
namespace {

constexpr kube::Resource kTokenReviews{"authentication.k8s.io", "v1",
                                       "tokenreviews", "TokenReview", false};

tl::unexpected<Error> NotSuchAToken() {
  return Fail(ErrorCode::kUnauthenticated,
              "the token is not a service account's for this audience");
}

}  // namespace

Reviewer::Reviewer(ReviewSettings settings, const kube::Client& client,
                   const Clock& clock, Logger& log)
    : settings_(std::move(settings)),
      client_(client),
      clock_(clock),
      log_(log),
      allowance_(settings_.burst),
      allowance_at_(clock.SteadyNow()) {
  for (int i = 0; i < settings_.threads; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

Reviewer::~Reviewer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  for (const Waiting& one : waiting_) {
    one.done(Fail(ErrorCode::kUnavailable, "review a token: stopping"));
  }
}

void Reviewer::Review(Secret token, Done done) {
  if (!LooksRight(token.Reveal(), settings_.audience, clock_.Now())) {
    return done(NotSuchAToken());
  }
  std::string digest = Sha256Hex(token.Reveal());
  std::optional<Result<std::string>> known;
  {
    const std::lock_guard lock(mutex_);
    known = Known(digest);
    if (!known &&
        (stopping_ || waiting_.size() >= settings_.max_waiting || !MayAsk())) {
      known = Fail(ErrorCode::kRateLimited, "review a token: too many at once");
    }
    if (!known) {
      waiting_.push_back(
          {std::move(token), std::move(digest), std::move(done)});
    }
  }
  if (known) return done(*std::move(known));
  wake_.notify_one();
}

void Reviewer::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Answer(std::move(one));
    lock.lock();
  }
}

void Reviewer::Answer(Waiting one) {
  std::string review = ReviewOf(one.token.Reveal(), settings_.audience);
  const Result<std::string> text =
      client_.Create(kTokenReviews, "", std::move(review));
  Result<std::string> answer =
      text ? PrincipalIn(*text, settings_.audience) : Fail(text.error());
  if (!text) {
    log_.Warning("token not reviewed", {{"error", text.error().message}});
  }
  {
    const std::lock_guard lock(mutex_);
    Keep(one.digest, answer);
  }
  one.done(std::move(answer));
}

std::optional<Result<std::string>> Reviewer::Known(const std::string& digest) {
  const auto found = kept_.find(digest);
  if (found == kept_.end() || found->second.until <= clock_.SteadyNow()) {
    return std::nullopt;
  }
  if (!found->second.principal) return Result<std::string>(NotSuchAToken());
  return Result<std::string>(*found->second.principal);
}

bool Reviewer::MayAsk() {
  const SteadyTime now = clock_.SteadyNow();
  const double passed =
      static_cast<double>((now - allowance_at_).count()) / 1000.0;
  allowance_ =
      std::min(settings_.burst, allowance_ + passed * settings_.per_second);
  allowance_at_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

// Only what the API server said, not that it could not be asked.
void Reviewer::Keep(const std::string& digest,
                    const Result<std::string>& answer) {
  const bool said =
      answer || answer.error().code == ErrorCode::kUnauthenticated;
  if (!said) return;
  const SteadyTime now = clock_.SteadyNow();
  if (kept_.size() >= settings_.max_kept) {
    std::erase_if(kept_,
                  [&](const auto& row) { return row.second.until <= now; });
  }
  if (kept_.size() >= settings_.max_kept) kept_.clear();
  std::optional<std::string> principal;
  if (answer) principal = *answer;
  kept_[digest] = {std::move(principal), now + settings_.keep};
}

}  // namespace claviger::op::push

// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/desk.h"

#include <utility>

namespace claviger::op::webhook {
namespace {

constexpr std::string_view kNoSnapshot =
    "claviger's operator has not read all Connections, Grants and Groups yet; "
    "try again in a moment";

http::ServerResponse Plain(int status, std::string body) {
  http::ServerResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

http::ServerResponse Json(std::string body) {
  http::ServerResponse response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

std::optional<Route> RouteOf(std::string_view path) {
  if (path == "/validate") return Route::kValidate;
  if (path == "/mutate") return Route::kMutate;
  return std::nullopt;
}

}  // namespace

Desk::Desk(Settings settings, const Patience& patience, const Clock& clock,
           Logger& log, Counters& counters)
    : settings_(std::move(settings)),
      patience_(patience),
      clock_(clock),
      log_(log),
      counters_(counters) {}

Desk::~Desk() { Expire(SteadyTime::max()); }

void Desk::Handle(const http::ServerRequest& request,
                  std::shared_ptr<http::Responder> responder) {
  const std::string_view path = http::PathOf(request);
  if (path == "/ping" && request.method == "GET") {
    return responder->Send(Plain(200, "ok\n"));
  }
  const auto route = RouteOf(path);
  if (!route) return responder->Send(Plain(404, "not found\n"));
  if (request.method != "POST") {
    return responder->Send(Plain(405, "reviews are sent by POST\n"));
  }
  auto review = ParseReview(request.body);
  if (!review) {
    counters_.CountUnjudged(true);
    log_.Warning("admission review not understood",
                 {{"error", review.error().message}});
    const bool large = review.error().code == ErrorCode::kTooLarge;
    return responder->Send(
        Plain(large ? 413 : 400, review.error().message + "\n"));
  }
  Take({*route, *std::move(review), std::move(responder), clock_.SteadyNow()});
}

std::shared_ptr<const View> Desk::Current() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

bool Desk::HasSnapshot() const { return Current() != nullptr; }

void Desk::Take(Waiting one) {
  const std::shared_ptr<const View> view = Current();
  auto verdict = Decide(one, view.get());
  if (!verdict || (!verdict->allowed && verdict->stale)) {
    const std::lock_guard lock(mutex_);
    // What was published meanwhile has looked at those that waited: this one
    // is judged by the next.
    if (view_ == view && waiting_.size() < patience_.most) {
      waiting_.push_back(std::move(one));
      counters_.SetWaiting(waiting_.size());
      return;
    }
    if (view_ != view) {
      const std::shared_ptr<const View> newer = view_;
      verdict = Decide(one, newer.get());
    }
  }
  Answer(one, verdict);
}

// Nothing without a snapshot.
std::optional<Verdict> Desk::Decide(const Waiting& one,
                                    const View* view) const {
  if (view == nullptr) return std::nullopt;
  return one.route == Route::kValidate
             ? Judge(*view, settings_, one.review, clock_.Now())
             : Default(*view, settings_, one.review, clock_.Now());
}

void Desk::Answer(const Waiting& one, const std::optional<Verdict>& verdict) {
  webhook::Answer answer;
  if (verdict) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        clock_.SteadyNow() - one.since);
    counters_.Count(one.route, one.review, verdict->rule, took);
    answer = ToAnswer(*verdict);
  } else {
    counters_.CountUnjudged(false);
    answer.code = 503;
    answer.message = kNoSnapshot;
  }
  if (!answer.allowed) {
    log_.Info("admission refused",
              {{"kind", ToString(one.review.kind)},
               {"namespace", one.review.ns},
               {"name", one.review.name},
               {"operation", ToString(one.review.operation)},
               {"user", one.review.user.username},
               {"rule", verdict ? ToString(verdict->rule) : "no_snapshot"}});
  }
  one.responder->Send(Json(WriteAnswer(one.review.uid, answer)));
}

void Desk::Publish(std::shared_ptr<const access::Snapshot> snapshot) {
  const auto view = std::make_shared<const View>(std::move(snapshot));
  std::list<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    view_ = view;
    waiting.swap(waiting_);
  }
  std::list<Waiting> still;
  while (!waiting.empty()) {
    const auto verdict = Decide(waiting.front(), view.get());
    if (!verdict->allowed && verdict->stale) {
      still.splice(still.end(), waiting, waiting.begin());
      continue;
    }
    Answer(waiting.front(), verdict);
    waiting.pop_front();
  }
  const std::lock_guard lock(mutex_);
  waiting_.splice(waiting_.begin(), still);
  counters_.SetWaiting(waiting_.size());
}

void Desk::Expire(SteadyTime now) {
  std::list<Waiting> due;
  std::shared_ptr<const View> view;
  {
    const std::lock_guard lock(mutex_);
    view = view_;
    for (auto one = waiting_.begin(); one != waiting_.end();) {
      const auto next = std::next(one);
      if (now - patience_.longest >= one->since) {
        due.splice(due.end(), waiting_, one);
      }
      one = next;
    }
    counters_.SetWaiting(waiting_.size());
  }
  for (const Waiting& one : due) Answer(one, Decide(one, view.get()));
}

std::optional<SteadyTime> Desk::NextDeadline() const {
  const std::lock_guard lock(mutex_);
  std::optional<SteadyTime> next;
  for (const Waiting& one : waiting_) {
    const SteadyTime deadline = one.since + patience_.longest;
    if (!next || deadline < *next) next = deadline;
  }
  return next;
}

}  // namespace claviger::op::webhook

// SPDX-License-Identifier: Apache-2.0
//
// Where reviews are answered: POST /validate and /mutate against the newest
// snapshot, GET /ping for the self-call. A refusal that a newer snapshot may
// turn (a Grant that arrives right behind its Connection) waits for one, for a
// bounded time; without any snapshot everything is refused. Thread-safe; never
// blocks.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"
#include "operator/webhook/counters.h"
#include "operator/webhook/judge.h"

namespace claviger::op::webhook {

class Desk {
 public:
  struct Patience {
    /// How long a review may wait; the API server gives up after 10 s.
    std::chrono::milliseconds longest{2'000};
    /// Reviews that wait at one time; one more is answered at once.
    size_t most = 256;
  };

  /// The rest outlives the desk.
  Desk(Settings settings, const Patience& patience, const Clock& clock,
       Logger& log, Counters& counters);
  /// Whoever still waits is refused.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void Handle(const http::ServerRequest& request,
              std::shared_ptr<http::Responder> responder);

  /// Judges by this snapshot from now on, also what waits. Takes as long as a
  /// walk over all objects.
  void Publish(std::shared_ptr<const access::Snapshot> snapshot);
  /// Answers what has waited long enough by `now`.
  void Expire(SteadyTime now);
  /// When Expire has something to do; absent: nothing waits.
  std::optional<SteadyTime> NextDeadline() const;
  bool HasSnapshot() const;
  /// The newest; null before the first.
  std::shared_ptr<const View> Current() const;

 private:
  struct Waiting {
    Route route = Route::kValidate;
    Review review;
    std::shared_ptr<http::Responder> responder;
    SteadyTime since;
  };

  void Take(Waiting one);
  std::optional<Verdict> Decide(const Waiting& one, const View* view) const;
  void Answer(const Waiting& one, const std::optional<Verdict>& verdict);

  const Settings settings_;
  const Patience patience_;
  const Clock& clock_;
  Logger& log_;
  Counters& counters_;
  mutable std::mutex mutex_;
  std::shared_ptr<const View> view_;
  std::list<Waiting> waiting_;
};

}  // namespace claviger::op::webhook

// SPDX-License-Identifier: Apache-2.0
//
// When the reconciler runs: as soon as the source changed, when a window opens
// or closes, again after a failure (with backoff), and a slice at a time to
// find what was changed by hand. An edit goes ahead of all the rest, which gets
// a short turn after eight of them. One turn never waits; the caller does. Used
// by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "operator/object_source.h"
#include "operator/reconciler.h"

namespace claviger::op {

struct LoopSettings {
  std::chrono::milliseconds poll{2'000};  // how often the source is looked at
  /// Whoever waits for the next turn is woken by the source's changes: then it
  /// is looked at in each turn, and no time is set for it.
  bool source_wakes = false;
  /// In which time everything we own is read again once.
  std::chrono::milliseconds drift_round{600'000};
  BackoffPolicy retry{std::chrono::milliseconds(1'000),
                      std::chrono::milliseconds(30'000)};
};

class Loop {
 public:
  /// Called after each pass with its report and how long it took.
  using Observer =
      std::function<void(const PassReport&, std::chrono::milliseconds)>;

  /// All references outlive this object.
  Loop(ObjectSource& source, Reconciler& reconciler, const Clock& clock,
       Random& random, Logger& log, LoopSettings settings, Observer observer);

  /// Does what is due. How long to wait until something may be due again.
  std::chrono::milliseconds Turn();

 private:
  bool Poll();
  bool TakeEdits(SteadyTime began);
  bool TransitionIsDue() const;
  bool MayLookWhileBlocked(SteadyTime now) const;
  bool TakeDriftSlice();
  void After(const PassReport& report, SteadyTime began);
  void LogReport(const PassReport& report);
  void LogFindings(const PassReport& report);
  std::chrono::milliseconds UntilNext() const;
  std::chrono::milliseconds DriftPause();

  ObjectSource& source_;
  Reconciler& reconciler_;
  const Clock& clock_;
  Random& random_;
  Logger& log_;
  LoopSettings settings_;
  Observer observer_;

  SteadyTime next_poll_{};
  int polled_in_a_row_ = 0;
  SteadyTime give_way_at_{};  // a pass goes on so long before an edit
  std::optional<SteadyTime> next_drift_;
  std::optional<SteadyTime> retry_at_;
  bool unfinished_ = false;     // a pass made way for an edit, or put off
  bool blocked_ = false;        // Vault is away: nothing else before the retry
  bool asked_to_wait_ = false;  // and said for how long
  int failures_ = 0;
  std::optional<Time> next_transition_;
  std::string findings_;  // of the last report, so that each is logged once
  std::string source_error_;
  bool told_unlisted_ = false;
  bool told_unswept_ = false;
};

}  // namespace claviger::op

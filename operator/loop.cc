// SPDX-License-Identifier: Apache-2.0
#include "operator/loop.h"

#include <algorithm>
#include <utility>

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

constexpr size_t kDriftSlice = 10;
constexpr milliseconds kShortestRetry{200};
constexpr milliseconds kShortestWait{10};

// After so many edits one after the other, what else is due goes on for so
// long: a flood of edits must not keep a window open.
constexpr int kEditsInARow = 8;
constexpr milliseconds kShareOfTheRest{50};

int64_t Count(size_t number) { return static_cast<int64_t>(number); }

}  // namespace

Loop::Loop(ObjectSource& source, Reconciler& reconciler, const Clock& clock,
           Random& random, Logger& log, LoopSettings settings,
           Observer observer)
    : source_(source),
      reconciler_(reconciler),
      clock_(clock),
      random_(random),
      log_(log),
      settings_(settings),
      observer_(std::move(observer)) {
  reconciler_.YieldTo([this] {
    return source_.Edited() && clock_.SteadyNow() >= give_way_at_;
  });
}

milliseconds Loop::Turn() {
  const SteadyTime now = clock_.SteadyNow();
  const bool retry = retry_at_ && *retry_at_ <= now;
  if (blocked_ && !retry) {
    if (MayLookWhileBlocked(now)) Poll();
    return UntilNext();
  }
  const bool continues = retry || unfinished_ || TransitionIsDue();
  const bool in_turn = continues && polled_in_a_row_ >= kEditsInARow;
  const bool polled = !in_turn && Poll();
  polled_in_a_row_ = polled ? polled_in_a_row_ + 1 : 0;
  if (!polled && (continues || TakeDriftSlice())) {
    const SteadyTime began = clock_.SteadyNow();
    give_way_at_ = in_turn ? began + kShareOfTheRest : SteadyTime{};
    After(reconciler_.Continue(clock_.Now()), began);
    give_way_at_ = SteadyTime{};
  }
  // Some sources hand out their news in pieces.
  const bool more = (polled || in_turn) && !blocked_ && source_.Edited();
  return more ? milliseconds(0) : UntilNext();
}

// Reads the source if it is time and something changed; true after a pass.
bool Loop::Poll() {
  const SteadyTime began = clock_.SteadyNow();
  if (began < next_poll_ && !settings_.source_wakes) return false;
  next_poll_ = began + settings_.poll;
  if (!source_.Changed()) return false;
  if (TakeEdits(began)) return true;
  Result<access::SharedObjects> objects = source_.Read();
  if (!objects) {
    if (objects.error().message != source_error_) {
      source_error_ = objects.error().message;
      log_.Failure("objects cannot be read", {{"error", source_error_}});
    }
    return false;
  }
  source_error_.clear();
  After(reconciler_.Pass(*std::move(objects), clock_.Now()), began);
  return true;
}

bool Loop::TakeEdits(SteadyTime began) {
  const std::optional<access::Edits> edits = source_.ReadEdits();
  if (!edits) return false;
  After(reconciler_.Edit(*edits, clock_.Now()), began);
  return true;
}

// With Vault away, an edit still gets its status soon: one more try, but not
// against Vault's own wish to be left alone.
bool Loop::MayLookWhileBlocked(SteadyTime now) const {
  return settings_.source_wakes && !asked_to_wait_ && now >= next_poll_;
}

bool Loop::TransitionIsDue() const {
  return next_transition_ && *next_transition_ <= clock_.Now();
}

bool Loop::TakeDriftSlice() {
  const SteadyTime now = clock_.SteadyNow();
  if (!next_drift_ || *next_drift_ > now) return false;
  reconciler_.Suspect(kDriftSlice);
  next_drift_ = now + DriftPause();
  return true;
}

// A round is cut into slices, so that an edit never waits for all of it;
// jittered by a fifth, so that replicas and clusters do not march in step.
milliseconds Loop::DriftPause() {
  const size_t slices =
      std::max<size_t>(1, (reconciler_.known() + kDriftSlice) / kDriftSlice);
  const auto pause = static_cast<double>(settings_.drift_round.count()) /
                     static_cast<double>(slices);
  const double jittered = pause * (0.8 + 0.4 * random_.Unit());
  return milliseconds(static_cast<int64_t>(jittered));
}

void Loop::After(const PassReport& report, SteadyTime began) {
  const SteadyTime ended = clock_.SteadyNow();
  next_transition_ = report.next_transition;
  if (!next_drift_) next_drift_ = ended + DriftPause();
  unfinished_ = report.unfinished || report.put_off;
  blocked_ = report.interrupted.has_value();
  asked_to_wait_ = blocked_ && report.interrupted->retry_after.has_value();
  retry_at_.reset();
  if (report.retry()) {
    const milliseconds asked =
        report.interrupted && report.interrupted->retry_after
            ? *report.interrupted->retry_after
            : milliseconds(0);
    const milliseconds pause =
        BackoffDelay(settings_.retry, failures_++, asked, random_);
    retry_at_ = ended + std::max(pause, kShortestRetry);
  } else {
    failures_ = 0;
  }
  LogReport(report);
  log_.Debug("pass done", {{"writes", Count(report.writes())},
                           {"took_ms", (ended - began).count()}});
  if (observer_) observer_(report, ended - began);
}

milliseconds Loop::UntilNext() const {
  if (unfinished_ && !blocked_) return milliseconds(0);
  const SteadyTime now = clock_.SteadyNow();
  const auto until = [&](SteadyTime when) {
    return std::max(milliseconds(when - now), kShortestWait);
  };
  if (blocked_ && retry_at_) {
    const bool looks = settings_.source_wakes && !asked_to_wait_;
    return looks ? std::min(until(*retry_at_), until(next_poll_))
                 : until(*retry_at_);
  }
  milliseconds wait =
      settings_.source_wakes ? settings_.poll : until(next_poll_);
  if (retry_at_) wait = std::min(wait, until(*retry_at_));
  if (next_drift_) wait = std::min(wait, until(*next_drift_));
  if (next_transition_) {
    const milliseconds left = *next_transition_ - clock_.Now();
    wait = std::min(wait, std::max(left, kShortestWait));
  }
  return wait;
}

void Loop::LogReport(const PassReport& report) {
  for (const Change& change : report.changes) {
    if (change.drift) {
      log_.Warning("restored what was changed by hand",
                   {{"kind", ToString(change.kind)}, {"name", change.name}});
    } else {
      log_.Debug("written in vault", {{"action", ToString(change.action)},
                                      {"kind", ToString(change.kind)},
                                      {"name", change.name}});
    }
  }
  if (report.writes() > 0) {
    log_.Info("reconciled", {{"writes", Count(report.writes())},
                             {"principals", Count(report.principals)}});
  }
  LogFindings(report);
  if (report.unswept && !std::exchange(told_unswept_, true)) {
    log_.Warning(
        "credentials that callers stored for what is deleted now cannot be "
        "removed from vault; claviger vault setup brings the operator's policy "
        "up to date",
        {{"error", report.unswept->message}});
  }
  if (!report.unlisted || std::exchange(told_unlisted_, true)) return;
  log_.Warning(
      "names in vault cannot be listed, so each is read before it is written; "
      "claviger vault doctor tells whether the operator's policy is up to date",
      {{"error", report.unlisted->message}});
}

// What does not change from pass to pass is logged once.
void Loop::LogFindings(const PassReport& report) {
  std::string findings = report.incomplete_read ? "incomplete\n" : "";
  for (const Conflict& one : report.conflicts) findings += one.what + "\n";
  for (const Brake& one : report.brakes) findings += one.confirmation + "\n";
  for (const Brake& one : report.missing) findings += one.confirmation + "\n";
  for (const Failure& one : report.failures) {
    findings += one.principal + one.error.message + "\n";
  }
  for (const model::Problem& one : report.problems) {
    findings += ToString(one) + "\n";
  }
  if (report.interrupted) findings += report.interrupted->message;
  if (findings == findings_) return;
  findings_ = std::move(findings);
  if (report.incomplete_read) {
    log_.Failure("the read was incomplete; the last good objects stay");
  }
  for (const model::Problem& one : report.problems) {
    log_.Warning("problem in the objects", {{"problem", ToString(one)}});
  }
  for (const Brake& one : report.brakes) {
    log_.Failure("mass deletion held back until confirmed",
                 {{"namespace", one.ns},
                  {"gone", Count(one.gone)},
                  {"known", Count(one.known)},
                  {"confirmMassDelete", one.confirmation}});
  }
  for (const Brake& one : report.missing) {
    log_.Warning("objects gone without a deletion; what they held back holds",
                 {{"namespace", one.ns},
                  {"gone", Count(one.gone)},
                  {"confirmMassDelete", one.confirmation}});
  }
  for (const Conflict& one : report.conflicts) {
    log_.Failure(
        "conflict",
        {{"principal", one.principal}, {"what", one.what}, {"fix", one.fix}});
  }
  for (const Failure& one : report.failures) {
    log_.Failure("principal not reconciled",
                 {{"principal", one.principal}, {"error", one.error.message}});
  }
  if (report.interrupted) {
    log_.Warning("pass cut short", {{"error", report.interrupted->message}});
  }
}

}  // namespace claviger::op

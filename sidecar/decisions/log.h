// SPDX-License-Identifier: Apache-2.0
//
// The decision log: who was given what, and who was refused what, one JSON
// line each, never faster than a bound, since callers decide how often they
// ask. Equal decisions share one id: the first is written, those that follow
// once per interval with their count. Thread-safe; never blocks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "sidecar/decisions/line_sink.h"
#include "sidecar/decisions/record.h"
#include "sidecar/metrics.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

class DecisionLog {
 public:
  class Entry;
  /// A decision that was taken; equal ones have the same. Its id goes into the
  /// answer.
  using Ticket = std::shared_ptr<Entry>;

  struct Parts {
    std::string principal;  // "sa/reports/nightly"
    std::chrono::milliseconds repeat;
    const Clock& clock;
    Random& random;
    Worker& worker;
    Metrics& metrics;
    LineSink* sink;  // null: nothing is written
  };
  /// What Parts refers to outlives the log.
  explicit DecisionLog(Parts parts);

  /// For a decision whose calls end later: Open when it is taken, Done as each
  /// call ends, so that the answer can have the id.
  Ticket Open(DecisionRecord record);
  void Done(const Ticket& ticket, const CallEnd& end = {});
  static const std::string& IdOf(const Ticket& ticket);

  /// Both at once, for what has ended already; the id.
  std::string Note(DecisionRecord record);

  /// Writes what was counted and not written. Before the end.
  void Flush();

 private:
  // So many lines at once, and so many a second.
  struct Allowance {
    double burst;
    double per_second;
    double left;
    SteadyTime at;
    bool Take(SteadyTime now);
  };

  // The rest needs mutex_.
  std::string NextId();
  Allowance& AllowanceOf(const Entry& entry);
  void MakeRoom(bool allowed);
  void Drop(std::map<std::string, Ticket>::iterator entry);
  bool IsDue(const Entry& entry, int status) const;
  void Write(Entry& entry);
  void TellLeftOut();
  void WriteDue(bool all);
  void Arm();

  const Parts parts_;
  const std::string prefix_;  // of ids: this process
  std::mutex mutex_;
  uint64_t last_ = 0;
  std::map<std::string, Ticket> entries_;
  // Of their own, so that refusals cannot keep what is given out of the log.
  Allowance given_;
  Allowance refused_;
  int64_t left_out_ = 0;
  bool armed_ = false;
};

}  // namespace claviger::sidecar

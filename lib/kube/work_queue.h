// SPDX-License-Identifier: Apache-2.0
//
// What is to be looked at, by key: each key at most once however often it is
// added, never by two at a time, again after a growing wait when it failed.
// Namespaces take turns, so that ten thousand objects of one do not hold up the
// one of another; edits go ahead of resyncs, which still get every eighth
// turn. Pure: time is an argument. Not synchronised.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"

namespace claviger::kube {

struct WorkKey {
  std::string ns;    // takes turns with others
  std::string item;  // "Grant/nightly"
  // NOLINTNEXTLINE(modernize-use-nullptr): about the 0 of a generated < 0
  auto operator<=>(const WorkKey&) const = default;
};

enum class WorkPriority { kEdit, kResync };

class WorkQueue {
 public:
  /// `random` must outlive the queue.
  WorkQueue(const BackoffPolicy& backoff, Random& random)
      : backoff_(backoff), random_(random) {}

  /// Ready now. A key that waits after a failure stays where it is on a resync,
  /// and is taken up at once on an edit. One that is being worked on is ready
  /// again when that is done.
  void Add(const WorkKey& key, WorkPriority priority);
  /// Ready at `when`, or earlier if it was to be; as a resync.
  void AddAt(const WorkKey& key, SteadyTime when);

  /// The next key that is ready; it must be given back by Done or Retry.
  std::optional<WorkKey> Take(SteadyTime now);
  /// It went well: earlier failures are forgotten.
  void Done(const WorkKey& key);
  /// It did not: ready again after its backoff, on top of the server's wish.
  void Retry(
      const WorkKey& key, SteadyTime now,
      std::chrono::milliseconds retry_after = std::chrono::milliseconds(0));

  /// When Take may next have something; nothing: not before an Add.
  std::optional<SteadyTime> NextAt() const;
  /// Keys that are ready or waiting for their time.
  size_t size() const;

 private:
  struct Entry {
    std::optional<WorkPriority> queued;
    uint64_t ticket = 0;  // the place in a lane that counts
    std::optional<SteadyTime> at;
    bool taken = false;
    std::optional<WorkPriority> again;  // added while taken
    int failures = 0;
  };
  struct Place {
    std::string item;
    uint64_t ticket = 0;
  };
  // The namespaces that have something, in the order of their turns.
  struct Lane {
    std::map<std::string, std::deque<Place>> places;
    std::deque<std::string> turns;
  };

  void Enqueue(const WorkKey& key, Entry& entry, WorkPriority priority);
  void Delay(const WorkKey& key, Entry& entry, SteadyTime at);
  std::optional<WorkKey> Pop(WorkPriority priority);
  void ForgetIfIdle(const WorkKey& key);

  const BackoffPolicy backoff_;
  Random& random_;
  std::map<WorkKey, Entry> entries_;
  std::set<std::pair<SteadyTime, WorkKey>> waiting_;
  std::array<Lane, 2> lanes_;
  uint64_t tickets_ = 0;
  size_t ready_ = 0;
  int edits_in_a_row_ = 0;
};

}  // namespace claviger::kube

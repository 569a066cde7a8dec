// SPDX-License-Identifier: Apache-2.0
//
// Writes to each object's status what the last pass found, only where it
// differs from what is there, and an Event where Ready changed. User edits
// first, namespaces in turns. Offer is thread-safe; Turn is one thread's and
// blocks.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/snapshot.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/client.h"
#include "kube/work_queue.h"
#include "operator/kube/object_store.h"
#include "operator/kube/status_rules.h"
#include "operator/pass_report.h"

namespace claviger::op {

/// A finished pass, as far as statuses need it.
struct FinishedPass {
  PassReport report;
  std::map<model::ObjectRef, std::vector<std::string>> blocked;
  Time now;
};

struct StatusWriterSettings {
  bool with_users = false;  // users have a login, so they are principals
  std::string cluster;      // part of the names in Vault
  std::string instance;     // who says so in Events: the pod's name
  /// Called where an edit changed what there is room for of other objects:
  /// only a pass over all of them tells of that. May be empty.
  std::function<void()> look_again = nullptr;
  BackoffPolicy retry{std::chrono::milliseconds(1'000),
                      std::chrono::milliseconds(30'000)};
};

class StatusWriter {
 public:
  /// All references outlive this object. `may_write` is asked before each
  /// write.
  StatusWriter(StatusWriterSettings settings, const kube::Client& client,
               ObjectStore& store, const Clock& clock, Random& random,
               Logger& log, std::function<bool()> may_write);

  /// Of passes over all objects, the newest wins.
  void Offer(FinishedPass pass);

  /// Of what was offered, nothing is to be written any more: leadership was
  /// lost, and whoever leads next knows better. Thread-safe.
  void Forget();

  /// Compares what was offered, and writes a part of what differs. How long
  /// to wait unless something is offered; zero: more is to be done.
  std::chrono::milliseconds Turn();

  /// How many objects' statuses wait to be written.
  size_t waiting() const { return wanted_.size(); }

 private:
  using Statuses = std::map<ObjectId, ObjectStatus>;
  using Covered = std::map<ObjectId, std::string_view>;  // with their uids

  bool TakeForget();
  std::optional<FinishedPass> TakeOffer();
  void Compare(const FinishedPass& pass);
  void NoteRoom(const Judged& judged, const Covered& covered,
                OverBudget over_budget);
  void Judge(const ObjectId& id, const ObjectStore::Stored& stored,
             const Covered& covered, Statuses& wanted);
  void Enqueue(const ObjectId& id, const SeenObject& seen,
               std::optional<ObjectStatus> wanted);
  Status WriteNext(const kube::WorkKey& key);
  Status Write(const ObjectId& id, const ObjectStatus& wanted);
  void Announce(const ObjectId& id, const SeenObject& seen,
                const ObjectStatus& wanted);
  void AnnounceDrift(const FinishedPass& pass,
                     const access::Compiler& compiler);

  const StatusWriterSettings settings_;
  const kube::Client& client_;
  ObjectStore& store_;
  const Clock& clock_;
  Random& random_;
  Logger& log_;
  const std::function<bool()> may_write_;

  std::mutex mutex_;
  std::deque<FinishedPass> offered_;  // under mutex_
  bool forget_ = false;               // under mutex_

  std::optional<Footprint> settled_;           // when nothing was left undone
  std::map<std::string, int64_t> programmed_;  // uid -> generation
  OverBudget over_budget_;                     // as of the last pass
  Statuses wanted_;                            // that differ from what is there
  std::map<kube::WorkKey, ObjectId> keys_;
  kube::WorkQueue queue_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/status_writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "access/principal.h"
#include "kube/event.h"
#include "operator/kube/finalizers.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

// So many writes, then a look at whether a newer pass was offered.
constexpr int kBatch = 32;
// Nothing to do: until something is offered.
constexpr milliseconds kIdle{60'000};
// Events about one repair by hand: a person needs one, not a thousand.
constexpr size_t kMaxDriftEvents = 10;

const std::string& UidOf(const access::Snapshot& snapshot, const ObjectId& id,
                         std::map<ObjectId, const std::string*>& uids) {
  static const std::string kNone;
  if (uids.empty()) {
    for (const auto& one : snapshot.connections()) {
      uids[{ObjectKind::kConnection, one.ref()}] = &one.metadata.uid;
    }
    for (const auto& one : snapshot.grants()) {
      uids[{ObjectKind::kGrant, {one.metadata.ns, one.metadata.name}}] =
          &one.metadata.uid;
    }
    for (const auto& one : snapshot.groups()) {
      uids[{ObjectKind::kGroup, {"", one.metadata.name}}] = &one.metadata.uid;
    }
  }
  const auto found = uids.find(id);
  return found == uids.end() ? kNone : *found->second;
}

// The principals whose policy, role or bindings somebody had changed.
std::set<std::string> DriftedIn(const PassReport& report) {
  std::set<std::string> names;
  for (const Change& change : report.changes) {
    if (change.drift) names.insert(change.name);
  }
  return names;
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// A policy's or role's name, or an entry's path, is of that principal.
bool IsOf(const std::set<std::string>& names, const std::string& id) {
  for (const std::string& name : names) {
    if (EndsWith(name, "." + id) || EndsWith(name, "/" + id)) return true;
  }
  return false;
}

}  // namespace

StatusWriter::StatusWriter(StatusWriterSettings settings,
                           const kube::Client& client, ObjectStore& store,
                           const Clock& clock, Random& random, Logger& log,
                           std::function<bool()> may_write)
    : settings_(std::move(settings)),
      client_(client),
      store_(store),
      clock_(clock),
      random_(random),
      log_(log),
      may_write_(std::move(may_write)),
      queue_(settings_.retry, random) {}

void StatusWriter::Offer(FinishedPass pass) {
  const std::lock_guard lock(mutex_);
  // What changed by hand is in one report only.
  if (offered_) {
    for (Change& change : offered_->report.changes) {
      if (change.drift) pass.report.changes.push_back(std::move(change));
    }
  }
  offered_ = std::move(pass);
}

void StatusWriter::Forget() {
  const std::lock_guard lock(mutex_);
  offered_.reset();
  forget_ = true;
}

milliseconds StatusWriter::Turn() {
  std::optional<FinishedPass> pass;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(forget_, false)) {
      wanted_.clear();
      keys_.clear();
      programmed_.clear();
      settled_.reset();
    }
    std::swap(pass, offered_);
  }
  if (pass && pass->snapshot != nullptr) Compare(*pass);
  for (int i = 0; i < kBatch; ++i) {
    const SteadyTime now = clock_.SteadyNow();
    const std::optional<kube::WorkKey> key = queue_.Take(now);
    if (!key) {
      const auto next = queue_.NextAt();
      return next ? std::max(*next - now, milliseconds(1)) : kIdle;
    }
    const Status done = WriteNext(*key);
    if (done) {
      queue_.Done(*key);
      continue;
    }
    const milliseconds asked =
        done.error().retry_after.value_or(milliseconds(0));
    queue_.Retry(*key, now, asked);
    // The next one would most likely meet the same.
    return BackoffDelay(settings_.retry, 0, asked, random_);
  }
  return milliseconds(0);
}

void StatusWriter::Compare(const FinishedPass& pass) {
  const access::Compiler compiler(*pass.snapshot, settings_.with_users);
  const bool undone = pass.report.interrupted || !pass.report.failures.empty();
  std::optional<access::Compiler> settled;
  if (undone && settled_) settled.emplace(*settled_, settings_.with_users);
  if (!undone) settled_ = pass.snapshot;
  Statuses wanted =
      StatusesOf({*pass.snapshot, compiler, settled ? &*settled : nullptr,
                  pass.report, pass.blocked, programmed_, pass.now});
  wanted_.clear();
  keys_.clear();
  programmed_.clear();
  std::map<ObjectId, const std::string*> uids;
  store_.ForEach([&](const ObjectId& id, const ObjectStore::Stored& stored) {
    const auto found = wanted.find(id);
    std::optional<ObjectStatus> status;
    if (const auto* broken = std::get_if<model::Objects>(&stored.value)) {
      status = StatusOfBroken(*broken, stored.seen.generation);
    } else if (found != wanted.end() &&
               UidOf(*pass.snapshot, id, uids) == stored.seen.uid) {
      status = std::move(found->second);
    } else if (!stored.seen.has_finalizer && !stored.seen.is_ending) {
      status = StatusOfPending(stored.seen.generation);
    }
    Enqueue(id, stored.seen, std::move(status));
  });
  AnnounceDrift(pass, compiler);
}

void StatusWriter::Enqueue(const ObjectId& id, const SeenObject& seen,
                           std::optional<ObjectStatus> wanted) {
  if (!wanted) return;
  const Condition* programmed = wanted->Find("Programmed");
  if (programmed != nullptr && programmed->holds) {
    programmed_[seen.uid] = wanted->observed_generation;
  }
  if (wanted->Agrees(seen.status)) return;
  const bool edited =
      wanted->observed_generation != seen.status.observed_generation;
  wanted_.insert_or_assign(id, *std::move(wanted));
  const kube::WorkKey key{id.ref.ns, ToString(id)};
  keys_.emplace(key, id);
  queue_.Add(key,
             edited ? kube::WorkPriority::kEdit : kube::WorkPriority::kResync);
}

Status StatusWriter::WriteNext(const kube::WorkKey& key) {
  const auto id = keys_.find(key);
  if (id == keys_.end()) return {};  // a newer pass has nothing for it
  const auto wanted = wanted_.find(id->second);
  if (wanted == wanted_.end()) return {};
  if (!may_write_()) {
    return Fail(ErrorCode::kUnavailable, "write status: not the leader");
  }
  Status done = Write(wanted->first, wanted->second);
  if (!done && IsRetryable(done.error().code)) return done;
  if (!done) {
    log_.Warning("status not written", {{"object", ToString(wanted->first)},
                                        {"error", done.error().message}});
  }
  wanted_.erase(wanted);
  return {};
}

Status StatusWriter::Write(const ObjectId& id, const ObjectStatus& wanted) {
  const std::optional<SeenObject> seen = store_.Find(id);
  if (!seen || wanted.Agrees(seen->status)) return {};
  const Result<std::string> written =
      client_.PatchStatus(ResourceOf(id.kind), {id.ref.ns, id.ref.name},
                          StatusPatch(wanted, seen->status, clock_.Now()));
  if (!written) {
    if (written.error().code == ErrorCode::kNotFound) return {};
    return Fail(written.error());
  }
  Status stored = store_.PutOver(id.kind, *written, *seen);
  Announce(id, *seen, wanted);
  return stored;
}

void StatusWriter::Announce(const ObjectId& id, const SeenObject& seen,
                            const ObjectStatus& wanted) {
  const Condition* before = seen.status.Find("Ready");
  const Condition* after = wanted.Find("Ready");
  if (after == nullptr) return;
  if (before != nullptr && before->holds == after->holds &&
      before->reason == after->reason) {
    return;
  }
  const Status written = kube::WriteEvent(
      client_,
      {.resource = ResourceOf(id.kind),
       .object = {id.ref.ns, id.ref.name},
       .uid = seen.uid,
       .resource_version = seen.resource_version,
       .warning = !after->holds,
       .reason = after->reason,
       .action = "Reconcile",
       .message = after->holds ? "in force in Vault" : after->message,
       .reporting_instance = settings_.instance},
      clock_.Now());
  if (!written) {
    log_.Debug("event not written", {{"error", written.error().message}});
  }
}

void StatusWriter::AnnounceDrift(const FinishedPass& pass,
                                 const access::Compiler& compiler) {
  const std::set<std::string> drifted = DriftedIn(pass.report);
  if (drifted.empty()) return;
  std::set<model::ObjectRef> connections;
  for (const access::Principal& principal : compiler.principals()) {
    if (!IsOf(drifted, IdOf(principal))) continue;
    for (const access::Binding& one : compiler.Document(principal).bindings) {
      connections.insert(one.facts->ref);
    }
  }
  size_t written = 0;
  for (const model::ObjectRef& ref : connections) {
    if (++written > kMaxDriftEvents || !may_write_()) return;
    const auto seen = store_.Find({ObjectKind::kConnection, ref});
    if (!seen) continue;
    (void)kube::WriteEvent(
        client_,
        {.resource = kube::kConnections,
         .object = {ref.ns, ref.name},
         .uid = seen->uid,
         .resource_version = seen->resource_version,
         .warning = true,
         .reason = "DriftRepaired",
         .action = "Repair",
         .message = "what Claviger wrote in Vault had been changed by "
                    "somebody else and was restored",
         .reporting_instance = settings_.instance},
        clock_.Now());
  }
}

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/status_writer.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "access/principal.h"
#include "base/process.h"
#include "kube/event.h"
#include "operator/kube/finalizers.h"
#include "operator/kube/limits.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

// So many writes, then a look at whether a newer pass was offered.
constexpr int kBatch = 32;
// Nothing to do: until something is offered.
constexpr milliseconds kIdle{60'000};
// Events about one repair by hand: a person needs one, not a thousand.
constexpr size_t kMaxDriftEvents = 10;

// The objects that a pass tells something about, with their uids.
std::map<ObjectId, std::string_view> CoveredBy(const Judged& judged) {
  std::map<ObjectId, std::string_view> covered;
  for (const auto& one : judged.snapshot->connections()) {
    if (!judged.Covers(one.ref())) continue;
    covered[{ObjectKind::kConnection, one.ref()}] = one.metadata.uid;
  }
  for (const auto& one : judged.snapshot->grants()) {
    if (!judged.Covers(one.connection_ref())) continue;
    covered[{ObjectKind::kGrant, {one.metadata.ns, one.metadata.name}}] =
        one.metadata.uid;
  }
  if (!judged.whole) return covered;
  for (const auto& one : judged.snapshot->groups()) {
    covered[{ObjectKind::kGroup, {"", one.metadata.name}}] = one.metadata.uid;
  }
  return covered;
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
  if (pass.report.judged.whole) {
    const auto is_older = [&](FinishedPass& one) {
      if (!one.report.judged.whole) return false;
      // What changed by hand is in one report only.
      for (Change& change : one.report.changes) {
        if (change.drift) pass.report.changes.push_back(std::move(change));
      }
      return true;
    };
    offered_.erase(std::remove_if(offered_.begin(), offered_.end(), is_older),
                   offered_.end());
  }
  offered_.push_back(std::move(pass));
}

bool StatusWriter::TakeForget() {
  const std::lock_guard lock(mutex_);
  return std::exchange(forget_, false);
}

std::optional<FinishedPass> StatusWriter::TakeOffer() {
  const std::lock_guard lock(mutex_);
  if (offered_.empty()) return std::nullopt;
  FinishedPass pass = std::move(offered_.front());
  offered_.pop_front();
  return pass;
}

void StatusWriter::Forget() {
  const std::lock_guard lock(mutex_);
  offered_.clear();
  forget_ = true;
}

milliseconds StatusWriter::Turn() {
  if (TakeForget()) {
    wanted_.clear();
    keys_.clear();
    programmed_.clear();
    settled_.reset();
    over_budget_.clear();
  }
  bool whole = false;
  while (const std::optional<FinishedPass> pass = TakeOffer()) {
    const Judged& judged = pass->report.judged;
    if (judged.snapshot == nullptr) continue;
    Compare(*pass);
    whole = whole || judged.whole;
  }
  // A pass over all objects needs more than is kept of it, until here.
  if (whole) ReturnFreeMemory();
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
  const Judged& judged = pass.report.judged;
  const access::Compiler compiler(*judged.snapshot, settings_.with_users);
  const bool undone = pass.report.interrupted || !pass.report.failures.empty();
  if (!undone && judged.whole) settled_.emplace(compiler);
  AccessCounts counts = CountAccess(*judged.snapshot, compiler, pass.now);
  Statuses wanted = StatusesOf(
      {*judged.snapshot, compiler, undone && settled_ ? &*settled_ : nullptr,
       pass.report, pass.blocked, programmed_, pass.now, counts});
  const Covered covered = CoveredBy(judged);
  NoteRoom(judged, covered, std::move(counts.over_budget));
  if (judged.whole) {
    std::set<std::string> uids;
    store_.ForEach([&](const ObjectId& id, const ObjectStore::Stored& stored) {
      uids.insert(stored.seen.uid);
      if (!judged.knows_ended && stored.seen.status.SaysRestored()) return;
      Judge(id, stored, covered, wanted);
    });
    std::erase_if(programmed_, [&](const auto& entry) {
      return uids.count(entry.first) == 0;
    });
  } else {
    for (const auto& [id, uid] : covered) {
      const std::optional<ObjectStore::Stored> stored = store_.Look(id);
      if (stored) Judge(id, *stored, covered, wanted);
    }
  }
  AnnounceDrift(pass, compiler);
}

// Of a part, it is right for those whom the part was about.
void StatusWriter::NoteRoom(const Judged& judged, const Covered& covered,
                            OverBudget over_budget) {
  if (judged.whole) {
    over_budget_ = std::move(over_budget);
    return;
  }
  bool others = false;
  for (const access::Principal& one : judged.principals) {
    const std::vector<access::SourceName> before = std::move(over_budget_[one]);
    std::vector<access::SourceName> now = std::move(over_budget[one]);
    std::vector<access::SourceName> changed;
    std::set_symmetric_difference(before.begin(), before.end(), now.begin(),
                                  now.end(), std::back_inserter(changed));
    for (const access::SourceName& source : changed) {
      others = others ||
               covered.count({ObjectKind::kConnection, source.connection}) == 0;
    }
    if (now.empty()) {
      over_budget_.erase(one);
    } else {
      over_budget_[one] = std::move(now);
    }
  }
  if (others && settings_.look_again) settings_.look_again();
}

void StatusWriter::Judge(const ObjectId& id, const ObjectStore::Stored& stored,
                         const Covered& covered, Statuses& wanted) {
  std::optional<ObjectStatus> status;
  const auto found = wanted.find(id);
  if (stored.broken) {
    status = StatusOfBroken(*stored.broken, stored.seen.generation);
  } else if (found != wanted.end()) {
    const auto uid = covered.find(id);
    // An edit's own pass tells of it, and this one is too old to.
    if (uid == covered.end()) return;
    if (uid->second == stored.seen.uid) status = std::move(found->second);
  }
  if (!status && !stored.seen.has_finalizer && !stored.seen.is_ending) {
    status = StatusOfPending(stored.seen.generation);
  }
  wanted_.erase(id);
  Enqueue(id, stored.seen, std::move(status));
}

void StatusWriter::Enqueue(const ObjectId& id, const SeenObject& seen,
                           std::optional<ObjectStatus> wanted) {
  if (!wanted) return;
  const Condition* programmed = wanted->Find("Programmed");
  if (programmed != nullptr && programmed->holds) {
    programmed_[seen.uid] = wanted->observed_generation;
  } else {
    programmed_.erase(seen.uid);
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
  keys_.erase(id);
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
  const Condition* after = ChangeToTell(seen.status, wanted);
  if (after == nullptr) return;
  const bool is_well = after->type == "Ready" && after->holds;
  const Status written = kube::WriteEvent(
      client_,
      {.resource = ResourceOf(id.kind),
       .object = {id.ref.ns, id.ref.name},
       .uid = seen.uid,
       .resource_version = seen.resource_version,
       .warning = !is_well,
       .reason = after->reason,
       .action = "Reconcile",
       .message = is_well ? "in force in Vault" : after->message,
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

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconciler.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "operator/absence.h"
#include "operator/compiled.h"
#include "operator/epoch.h"
#include "operator/held.h"
#include "operator/inventory.h"
#include "operator/settler.h"
#include "operator/vault_names.h"

namespace claviger::op {
namespace {

// So many principals failing one after the other is a fault of Vault or of our
// rights, not of theirs.
constexpr int kMaxFailuresInARow = 10;

/// What is known of one principal.
struct Tracked {
  Memory memory;
  bool fresh = false;       // nothing to read again
  uint64_t generation = 0;  // of the objects and the time it was settled for
  uint64_t failed = 0;      // the pass that it failed in
  std::string settled;      // digest of what it was brought to
  std::optional<Conflict> conflict;
  std::optional<Failure> refused;  // cannot be helped until objects change
};

enum class Sweep { kEveryone, kChanged, kRest };

}  // namespace

class Reconciler::Impl {
 public:
  Impl(ReconcilerSettings settings, Store& store)
      : settings_(std::move(settings)),
        store_(store),
        inventories_(store, settings_.layout.cluster),
        epoch_(store, settings_.layout.cluster) {}

  PassReport Pass(model::Objects objects, Time now);
  PassReport Continue(Time now);
  bool Suspect(size_t count);
  size_t known() const;
  std::shared_ptr<const access::Snapshot> snapshot();

 private:
  PassReport Run(Time now);
  Status CheckEpoch();
  Status AdvanceEpoch();
  void ForgetVault();
  Status Load();
  Status Prepare(Time now);
  Status HoldWhatIsGone(Verdict verdict, Time now);
  Status SaveInventories(const Inventories& wanted);
  void StartGeneration(Time now);
  Status SettleAll(Time now);
  Status SettleSweep(Sweep sweep, Time now);
  Status SettleOne(const Wanted& wanted, Sweep sweep, Time now);
  bool LeansOnForeign(const Wanted& wanted) const;
  Status RemoveUnwanted();
  Status Check(const std::string& id, Status done);
  void Interrupt(Error error);
  void Summarise(PassReport& report) const;

  const ReconcilerSettings settings_;
  Store& store_;
  InventoryLedger inventories_;
  Epoch epoch_;
  bool suspects_epoch_ = true;
  bool has_written_ = false;  // since the epoch was advanced

  model::Objects objects_;
  bool has_objects_ = false;
  bool prepared_ = false;  // compiled_ and the inventories are of objects_
  bool loaded_ = false;    // tracked_ and inventories_ are of this Vault
  bool was_interrupted_ = false;
  int failures_in_a_row_ = 0;

  Verdict verdict_;
  std::vector<Brake> missing_;
  std::unique_ptr<Held> held_;
  std::vector<model::Ended> held_without_;  // what was left out of held_
  std::unique_ptr<Compiled> compiled_;
  uint64_t pass_ = 0;
  uint64_t generation_ = 0;
  std::optional<Time> generation_start_;
  std::optional<Time> next_transition_;

  std::map<std::string, Tracked> tracked_;
  std::string cursor_;  // where Suspect goes on
  PassReport report_;   // of the pass under way
};

PassReport Reconciler::Impl::Pass(model::Objects objects, Time now) {
  if (!objects.complete) {
    // Absence proves nothing here: what was wanted stays wanted.
    PassReport report = Continue(now);
    report.incomplete_read = true;
    report.problems = std::move(objects.problems);
    return report;
  }
  objects_ = std::move(objects);
  has_objects_ = true;
  prepared_ = false;
  return Run(now);
}

PassReport Reconciler::Impl::Continue(Time now) {
  return has_objects_ ? Run(now) : PassReport();
}

PassReport Reconciler::Impl::Run(Time now) {
  report_ = PassReport();
  failures_in_a_row_ = 0;
  ++pass_;
  Status done = CheckEpoch()
                    .and_then([&] { return Load(); })
                    .and_then([&] { return Prepare(now); })
                    .and_then([&] { return SettleAll(now); });
  if (report_.writes() > 0) has_written_ = true;
  if (done) done = AdvanceEpoch();
  if (done) {
    was_interrupted_ = false;
  } else {
    Interrupt(std::move(done).error());
  }
  Summarise(report_);
  return std::move(report_);
}

// After an outage Vault may have been restored to an older state, so all is
// read again; but only once for one outage, or a Vault that comes and goes
// would never let a pass get further.
void Reconciler::Impl::Interrupt(Error error) {
  report_.interrupted = std::move(error);
  if (!was_interrupted_) ForgetVault();
  was_interrupted_ = true;
  loaded_ = false;
  suspects_epoch_ = true;
}

void Reconciler::Impl::ForgetVault() {
  for (auto& [id, tracked] : tracked_) tracked.fresh = false;
  loaded_ = false;
}

Status Reconciler::Impl::CheckEpoch() {
  if (!suspects_epoch_) return {};
  const Result<bool> same = epoch_.Check();
  if (!same) return Fail(same.error());
  suspects_epoch_ = false;
  // A Vault restored from a snapshot, though no call failed.
  if (!*same) ForgetVault();
  return {};
}

Status Reconciler::Impl::AdvanceEpoch() {
  if (!has_written_) return {};
  Status advanced = epoch_.Advance();
  if (advanced) has_written_ = false;
  return advanced;
}

Status Reconciler::Impl::Load() {
  if (loaded_) return {};
  const Result<std::vector<std::string>> names =
      store_.ListEntries(BindingsFolder(settings_.layout.cluster));
  if (!names) return Fail(names.error());
  for (const std::string& name : *names) {
    if (IsPrincipalId(name)) tracked_.try_emplace(name);
  }
  const Inventories before = inventories_.known();
  Status loaded = inventories_.Load();
  if (!loaded) return loaded;
  if (inventories_.known() != before) prepared_ = false;
  loaded_ = true;
  return {};
}

Status Reconciler::Impl::Prepare(Time now) {
  if (!prepared_) {
    Absence absence = JudgeAbsence(inventories_.known(), objects_,
                                   settings_.safety, verdict_, now);
    Status held = HoldWhatIsGone(std::move(absence.verdict), now);
    if (!held) return held;
    missing_ = std::move(absence.missing);
    model::Objects objects = objects_;
    ApplyLedger(absence.ledger, objects);
    compiled_ =
        std::make_unique<Compiled>(std::move(objects), settings_, held_.get());
    StartGeneration(now);
    // What was there is written down before it gives anything, so that its
    // absence is noticed even by the next process.
    Status saved = SaveInventories(absence.ledger);
    if (!saved) return saved;
    prepared_ = true;
  }
  const bool passed = next_transition_ && *next_transition_ <= now;
  const bool clock_went_back = generation_start_ && now < *generation_start_;
  if (passed || clock_went_back) StartGeneration(now);
  return {};
}

void Reconciler::Impl::StartGeneration(Time now) {
  ++generation_;
  generation_start_ = now;
  next_transition_ = compiled_->NextTransition(now);
}

Status Reconciler::Impl::HoldWhatIsGone(Verdict verdict, Time now) {
  if (verdict.brakes.empty()) {
    compiled_.reset();  // it refers to what is held
    held_.reset();
    verdict_ = std::move(verdict);
    return {};
  }
  const bool same = held_ != nullptr && verdict.all == verdict_.all &&
                    verdict.frozen == verdict_.frozen &&
                    held_without_ == objects_.ended;
  if (!same) {
    std::vector<std::string> ids;
    for (const auto& [id, tracked] : tracked_) ids.push_back(id);
    Result<Held> held =
        Held::Load(store_, settings_.layout.cluster, ids, verdict,
                   inventories_.known(), objects_.ended, now);
    if (!held) return Fail(std::move(held).error());
    compiled_.reset();
    held_ = std::make_unique<Held>(*std::move(held));
    held_without_ = objects_.ended;
  }
  verdict_ = std::move(verdict);
  return {};
}

Status Reconciler::Impl::SaveInventories(const Inventories& wanted) {
  for (const auto& [ns, inventory] : wanted) {
    Status saved = inventories_.Put(ns, inventory, report_.changes);
    if (!saved) return saved;
  }
  return {};
}

// Everyone's rights first, so that who relies on them is not left without;
// then what is taken away, then the rest.
Status Reconciler::Impl::SettleAll(Time now) {
  return SettleSweep(Sweep::kEveryone, now)
      .and_then([&] { return RemoveUnwanted(); })
      .and_then([&] { return SettleSweep(Sweep::kChanged, now); })
      .and_then([&] { return SettleSweep(Sweep::kRest, now); });
}

Status Reconciler::Impl::SettleSweep(Sweep sweep, Time now) {
  for (const Wanted& wanted : compiled_->wanted()) {
    if (sweep == Sweep::kEveryone && !wanted.IsEveryone()) break;
    Status done = SettleOne(wanted, sweep, now);
    if (!done) return done;
  }
  return {};
}

Status Reconciler::Impl::SettleOne(const Wanted& wanted, Sweep sweep,
                                   Time now) {
  Tracked& tracked = tracked_[wanted.id];
  if (tracked.fresh && tracked.generation == generation_) return {};
  if (tracked.failed == pass_) return {};  // by the sweep before
  Result<Desired> desired = compiled_->DesiredFor(wanted, now);
  if (!desired) {
    tracked.refused = Failure{wanted.id, desired.error(), true};
    tracked.fresh = true;
    tracked.generation = generation_;
    tracked.settled.clear();
    return {};
  }
  tracked.refused.reset();
  desired->only_if_there = LeansOnForeign(wanted);
  std::string digest = desired->Digest();
  const bool same = tracked.settled == digest;
  if (same) tracked.generation = generation_;
  if (same && (tracked.fresh || sweep == Sweep::kChanged)) return {};
  Settler settler(store_, settings_.layout, report_.changes);
  Result<Settler::Outcome> outcome = settler.Settle(*desired, tracked.memory);
  tracked.fresh = outcome.has_value();
  if (!outcome) {
    tracked.failed = pass_;
    return Check(wanted.id, Fail(std::move(outcome).error()));
  }
  tracked.conflict = *std::move(outcome);
  tracked.settled = std::move(digest);
  tracked.generation = generation_;
  return Check(wanted.id, {});
}

// Each login carries its kind's everyone policy. If that one is somebody
// else's, a new login would hand out whatever it says.
bool Reconciler::Impl::LeansOnForeign(const Wanted& wanted) const {
  if (wanted.IsEveryone()) return false;
  const bool account = wanted.id.rfind("sa.", 0) == 0;
  const auto everyone =
      tracked_.find(account ? "everyone.sa" : "everyone.user");
  return everyone != tracked_.end() && everyone->second.conflict.has_value();
}

Status Reconciler::Impl::RemoveUnwanted() {
  // With everything frozen, nothing is deleted.
  if (verdict_.all) return {};
  for (auto it = tracked_.begin(); it != tracked_.end();) {
    const std::string& id = it->first;
    if (compiled_->IsWanted(id)) {
      ++it;
      continue;
    }
    Settler settler(store_, settings_.layout, report_.changes);
    const Result<Settler::Outcome> outcome =
        settler.Remove(id, it->second.memory);
    Status done = Check(id, outcome ? Status() : Fail(outcome.error()));
    if (!done) return done;
    if (outcome && *outcome) report_.conflicts.push_back(**outcome);
    it = outcome ? tracked_.erase(it) : std::next(it);
  }
  return {};
}

// What fails for one principal does not stop the others, unless it would fail
// for them as well.
Status Reconciler::Impl::Check(const std::string& id, Status done) {
  if (done) {
    failures_in_a_row_ = 0;
    return {};
  }
  if (IsRetryable(done.error().code) ||
      ++failures_in_a_row_ >= kMaxFailuresInARow) {
    return done;
  }
  report_.failures.push_back({id, std::move(done).error(), false});
  return {};
}

void Reconciler::Impl::Summarise(PassReport& report) const {
  if (!compiled_) return;
  report.principals = compiled_->wanted().size();
  report.brakes = verdict_.brakes;
  report.missing = missing_;
  report.problems = compiled_->problems();
  report.next_transition = next_transition_;
  for (const auto& [id, tracked] : tracked_) {
    if (tracked.conflict) report.conflicts.push_back(*tracked.conflict);
    if (tracked.refused) report.failures.push_back(*tracked.refused);
  }
}

bool Reconciler::Impl::Suspect(size_t count) {
  suspects_epoch_ = true;
  auto next = tracked_.upper_bound(cursor_);
  for (; count > 0 && next != tracked_.end(); --count, ++next) {
    next->second.fresh = false;
    cursor_ = next->first;
  }
  if (next != tracked_.end()) return false;
  cursor_.clear();
  loaded_ = false;  // what is new or gone shows in the list only
  return true;
}

std::shared_ptr<const access::Snapshot> Reconciler::Impl::snapshot() {
  if (prepared_) return compiled_->snapshot();
  if (!has_objects_) return nullptr;
  // Vault was not reached with these objects yet.
  return std::make_shared<const access::Snapshot>(objects_, settings_.snapshot);
}

size_t Reconciler::Impl::known() const {
  return static_cast<size_t>(std::count_if(
      tracked_.begin(), tracked_.end(),
      [](const auto& entry) { return entry.second.memory.ours; }));
}

Reconciler::Reconciler(ReconcilerSettings settings, Store& store)
    : impl_(std::make_unique<Impl>(std::move(settings), store)) {}
Reconciler::~Reconciler() = default;

PassReport Reconciler::Pass(model::Objects objects, Time now) {
  return impl_->Pass(std::move(objects), now);
}
PassReport Reconciler::Continue(Time now) { return impl_->Continue(now); }
bool Reconciler::Suspect(size_t count) { return impl_->Suspect(count); }
size_t Reconciler::known() const { return impl_->known(); }
std::shared_ptr<const access::Snapshot> Reconciler::snapshot() {
  return impl_->snapshot();
}

}  // namespace claviger::op

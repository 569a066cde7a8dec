// SPDX-License-Identifier: Apache-2.0
#include "operator/reconciler.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "operator/absence.h"
#include "operator/compiled.h"
#include "operator/epoch.h"
#include "operator/held.h"
#include "operator/inventory.h"
#include "operator/roster.h"
#include "operator/vault_names.h"

namespace claviger::op {
namespace {

using access::Concerned;
using access::ObjectIndex;
using access::Principal;

// Compiling slice by slice costs more than compiling everything once when
// there are many to look at.
constexpr size_t kSmallPart = 100;
constexpr size_t kLargestShare = 8;

std::set<std::string> NamespacesOf(const access::Edits& edits) {
  std::set<std::string> namespaces;
  for (const auto& one : edits.connections) namespaces.insert(one->metadata.ns);
  for (const auto& one : edits.grants) namespaces.insert(one->metadata.ns);
  for (const auto& one : edits.ended) namespaces.insert(one.ref.ns);
  return namespaces;
}

// What problems call the objects that a part was about.
std::unordered_set<std::string> ObjectsOf(const access::Snapshot& snapshot,
                                          const Concerned& part) {
  std::unordered_set<std::string> names;
  for (const model::ObjectRef& ref : part.connections) {
    names.insert("Connection " + ToString(ref));
  }
  for (const model::Grant& grant : snapshot.grants()) {
    if (part.connections.count(grant.connection_ref()) == 0) continue;
    names.insert("Grant " + grant.metadata.ns + "/" + grant.metadata.name);
  }
  return names;
}

// Who is settled before the others, and the others.
struct Order {
  std::vector<const Wanted*> everyone;
  std::vector<const Wanted*> others;
};

Order OrderOf(const Compiled& compiled,
              const std::function<bool(const std::string&)>& is_meant) {
  Order order;
  for (const Wanted& one : compiled.wanted()) {
    if (!is_meant(one.id)) continue;
    (one.IsEveryone() ? order.everyone : order.others).push_back(&one);
  }
  return order;
}

}  // namespace

class Reconciler::Impl {
 public:
  Impl(ReconcilerSettings settings, Store& store)
      : settings_(std::move(settings)),
        store_(store),
        inventories_(store, settings_.layout.cluster),
        epoch_(store, settings_.layout.cluster),
        roster_(settings_, store) {}

  void YieldTo(std::function<bool()> newer) { newer_ = std::move(newer); }
  PassReport Pass(access::SharedObjects objects, Time now);
  PassReport Edit(const access::Edits& edits, Time now);
  PassReport Continue(Time now);
  bool Suspect(size_t count);
  size_t known() const { return roster_.known(); }

 private:
  PassReport Run(const std::function<Status()>& work);
  Status Everything(Time now);
  Status WhatIsLeft(Time now);
  Status Part(const Concerned& part, bool makes_way, Time now);
  Status CheckEpoch();
  Status AdvanceEpoch();
  void ForgetVault();
  Status Load();
  Status Prepare(Time now);
  Status JudgeEdit(const access::Edits& edits, Time now);
  Status HoldWhatIsGone(Verdict verdict, const std::vector<model::Ended>& ended,
                        Time now);
  Status SaveInventories(const Inventories& wanted);
  void Compile(model::Objects objects, const Inventories& ledger);
  void StartGeneration(Time now);
  bool IsHealthy() const;
  std::optional<Concerned> Due(Time now) const;
  Status SettleAll(Time now);
  Status Settle(const Compiled& compiled,
                const std::vector<const Wanted*>& wanted, Sweep sweep,
                bool makes_way, Time now);
  void ReplaceProblems(const access::Snapshot& snapshot, const Concerned& part,
                       const access::Edits& edits);
  void Interrupt(Error error);
  void Summarise();

  const ReconcilerSettings settings_;
  Store& store_;
  std::function<bool()> newer_;
  InventoryLedger inventories_;
  Epoch epoch_;
  Roster roster_;
  bool suspects_epoch_ = true;
  bool has_written_ = false;  // since the epoch was advanced

  std::unique_ptr<ObjectIndex> index_;  // null before the first Pass
  bool prepared_ = false;               // the inventories are of these objects
  bool loaded_ = false;  // roster_ and inventories_ are of this Vault
  bool was_interrupted_ = false;

  Verdict verdict_;
  std::vector<Brake> missing_;
  std::unique_ptr<Held> held_;
  std::vector<model::Ended> held_without_;  // what was left out of held_
  std::vector<model::Problem> problems_;
  std::optional<Time> generation_start_;
  std::optional<Time> next_transition_;

  // Of a pass over everything that is not done, or with something held; and
  // for whom it was overtaken by edits since it was compiled.
  std::unique_ptr<Compiled> compiled_;
  Concerned overtaken_;
  bool cut_off_ = false;

  PassReport report_;  // of the pass under way
};

PassReport Reconciler::Impl::Pass(access::SharedObjects objects, Time now) {
  if (!objects.rest.complete) {
    // Absence proves nothing here: what was wanted stays wanted.
    PassReport report = Continue(now);
    report.incomplete_read = true;
    report.problems = std::move(objects.rest.problems);
    return report;
  }
  index_ = std::make_unique<ObjectIndex>(
      std::move(objects), !settings_.layout.user_auth_mount.empty(),
      settings_.extra_accounts);
  prepared_ = false;
  return Run([&] { return Everything(now); });
}

PassReport Reconciler::Impl::Edit(const access::Edits& edits, Time now) {
  if (!index_) return PassReport();
  const std::optional<Concerned> concerned = index_->Apply(edits);
  if (!concerned || !IsHealthy() || was_interrupted_) {
    prepared_ = false;
    return Run([&] { return Everything(now); });
  }
  PassReport report = Run([&]() -> Status {
    prepared_ = false;  // until the ledger knows
    Status done = JudgeEdit(edits, now);
    if (!done) return done;
    if (!prepared_) return Everything(now);
    roster_.Outdate(concerned->principals);
    // A few are done sooner than put off.
    const bool makes_way = concerned->principals.size() > kSmallPart;
    done = Part(*concerned, makes_way, now);
    if (done && report_.judged.snapshot) {
      ReplaceProblems(*report_.judged.snapshot, *concerned, edits);
    }
    return done;
  });
  if (report.settled() && IsHealthy()) index_->ForgetEnded();
  return report;
}

PassReport Reconciler::Impl::Continue(Time now) {
  if (!index_) return PassReport();
  return Run([&] { return WhatIsLeft(now); });
}

PassReport Reconciler::Impl::Run(const std::function<Status()>& work) {
  report_ = PassReport();
  roster_.BeginPass();
  Status done = work();
  if (report_.writes() > 0) has_written_ = true;
  if (done) done = AdvanceEpoch();
  if (done) {
    was_interrupted_ = false;
  } else {
    Interrupt(std::move(done).error());
  }
  Summarise();
  return std::move(report_);
}

// With a brake on, or objects missing, everyone's compilation is another one
// than the objects say.
bool Reconciler::Impl::IsHealthy() const {
  return prepared_ && verdict_.brakes.empty() && !verdict_.all &&
         missing_.empty() && held_ == nullptr;
}

Status Reconciler::Impl::Everything(Time now) {
  return CheckEpoch()
      .and_then([&] { return Load(); })
      .and_then([&] { return Prepare(now); })
      .and_then([&] { return SettleAll(now); });
}

Status Reconciler::Impl::WhatIsLeft(Time now) {
  Status done = CheckEpoch().and_then([&] { return Load(); });
  if (!done) return done;
  const bool clock_went_back = generation_start_ && now < *generation_start_;
  if (!IsHealthy() || compiled_ || was_interrupted_ || clock_went_back) {
    return Everything(now);
  }
  std::optional<Concerned> part = Due(now);
  if (part) {
    roster_.Outdate(part->principals);
    for (const std::string& id : roster_.Stale()) {
      const std::optional<Principal> principal = roster_.PrincipalOf(id);
      if (!principal) return Everything(now);
      part->principals.insert(*principal);
    }
  }
  const size_t most = std::max(kSmallPart, roster_.size() / kLargestShare);
  if (!part || part->principals.size() > most) return Everything(now);
  if (!part->connections.empty()) generation_start_ = now;
  next_transition_ = index_->NextTransition(now);
  done = Part(*part, true, now);
  if (done) cut_off_ = report_.unfinished;
  return done;
}

// Whose windows opened or closed since the last look.
std::optional<Concerned> Reconciler::Impl::Due(Time now) const {
  if (!next_transition_ || now < *next_transition_) return Concerned();
  return index_->ConcernedBetween(*generation_start_, now);
}

// Compiles and settles a few principals; all that decides about them is in the
// slice.
Status Reconciler::Impl::Part(const Concerned& part, bool makes_way, Time now) {
  model::Objects slice = index_->Slice(part);
  ApplyLedger(inventories_.known(), slice);
  const Compiled compiled(std::move(slice), settings_, nullptr);
  report_.judged = {compiled.snapshot(), false, part.connections};
  std::unordered_set<std::string> ids;
  std::vector<std::string> unwanted;
  for (const Principal& principal : part.principals) {
    std::string id = IdOf(principal);
    if (!compiled.IsWanted(id)) unwanted.push_back(id);
    ids.insert(std::move(id));
  }
  if (compiled_) {
    overtaken_.principals.insert(part.principals.begin(),
                                 part.principals.end());
    overtaken_.connections.insert(part.connections.begin(),
                                  part.connections.end());
  }
  const Order order = OrderOf(
      compiled, [&](const std::string& id) { return ids.count(id) > 0; });
  const std::string troubles = roster_.Troubles();
  Status done =
      Settle(compiled, order.everyone, Sweep::kAll, makes_way, now)
          .and_then([&] { return roster_.Remove(unwanted, report_); })
          .and_then([&] {
            return Settle(compiled, order.others, Sweep::kAll, makes_way, now);
          });
  if (!done || roster_.Troubles() == troubles) return done;
  // Of which Connections the troubled principals are, the part cannot tell.
  compiled_.reset();
  return Everything(now);
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
  roster_.ForgetVault();
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
    if (IsPrincipalId(name)) roster_.Learn(name);
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
    model::Objects objects = index_->All();
    Absence absence = JudgeAbsence(inventories_.known(), objects,
                                   settings_.safety, verdict_, now);
    Status held =
        HoldWhatIsGone(std::move(absence.verdict), objects.ended, now);
    if (!held) return held;
    missing_ = std::move(absence.missing);
    Compile(std::move(objects), absence.ledger);
    StartGeneration(now);
    // What was there is written down before it gives anything, so that its
    // absence is noticed even by the next process.
    Status saved = SaveInventories(absence.ledger);
    if (!saved) return saved;
    prepared_ = true;
  } else if (!compiled_) {
    Compile(index_->All(), inventories_.known());
  }
  const bool passed = next_transition_ && *next_transition_ <= now;
  const bool clock_went_back = generation_start_ && now < *generation_start_;
  if (passed || clock_went_back) StartGeneration(now);
  return {};
}

void Reconciler::Impl::Compile(model::Objects objects,
                               const Inventories& ledger) {
  ApplyLedger(ledger, objects);
  compiled_.reset();
  compiled_ =
      std::make_unique<Compiled>(std::move(objects), settings_, held_.get());
  problems_ = compiled_->problems();
  overtaken_ = {};
}

// Of the edited namespaces only; prepared_ where that is enough.
Status Reconciler::Impl::JudgeEdit(const access::Edits& edits, Time now) {
  const std::set<std::string> namespaces = NamespacesOf(edits);
  Inventories known;
  for (const auto& [ns, inventory] : inventories_.known()) {
    if (namespaces.count(ns) > 0) known.emplace(ns, inventory);
  }
  model::Objects objects = index_->Within(namespaces);
  objects.ended = edits.ended;
  const Absence absence =
      JudgeAbsence(known, objects, settings_.safety, verdict_, now);
  const Verdict& verdict = absence.verdict;
  if (verdict.all || !verdict.brakes.empty() || !absence.missing.empty()) {
    return {};
  }
  Status saved = SaveInventories(absence.ledger);
  if (!saved) return saved;
  prepared_ = true;
  next_transition_ = index_->NextTransition(generation_start_.value_or(now));
  return {};
}

void Reconciler::Impl::StartGeneration(Time now) {
  roster_.Outdate();
  generation_start_ = now;
  next_transition_ = compiled_->NextTransition(now);
}

Status Reconciler::Impl::HoldWhatIsGone(Verdict verdict,
                                        const std::vector<model::Ended>& ended,
                                        Time now) {
  if (verdict.brakes.empty()) {
    compiled_.reset();  // it refers to what is held
    held_.reset();
    verdict_ = std::move(verdict);
    return {};
  }
  const bool same = held_ != nullptr && verdict.all == verdict_.all &&
                    verdict.frozen == verdict_.frozen && held_without_ == ended;
  if (!same) {
    Result<Held> held =
        Held::Load(store_, settings_.layout.cluster, roster_.Ids(), verdict,
                   inventories_.known(), ended, now);
    if (!held) return Fail(std::move(held).error());
    compiled_.reset();
    held_ = std::make_unique<Held>(*std::move(held));
    held_without_ = ended;
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
  report_.judged = {compiled_->snapshot(), true, overtaken_.connections};
  std::unordered_set<std::string> overtaken;
  for (const Principal& one : overtaken_.principals) {
    overtaken.insert(IdOf(one));
  }
  const Order order = OrderOf(*compiled_, [&](const std::string& id) {
    return overtaken.count(id) == 0;
  });
  const auto remove = [&]() -> Status {
    // With everything frozen, nothing is deleted.
    if (verdict_.all) return {};
    return roster_.RemoveUnwanted(
        [&](const std::string& id) {
          return overtaken.count(id) > 0 || compiled_->IsWanted(id);
        },
        report_);
  };
  Status done =
      Settle(*compiled_, order.everyone, Sweep::kAll, true, now)
          .and_then(remove)
          .and_then([&] {
            return Settle(*compiled_, order.others, Sweep::kChanged, true, now);
          })
          .and_then([&] {
            return Settle(*compiled_, order.others, Sweep::kAll, true, now);
          });
  if (!done) return done;
  cut_off_ = report_.unfinished;
  if (!cut_off_ && IsHealthy()) compiled_.reset();
  return {};
}

// Nothing once it was cut off.
Status Reconciler::Impl::Settle(const Compiled& compiled,
                                const std::vector<const Wanted*>& wanted,
                                Sweep sweep, bool makes_way, Time now) {
  if (report_.unfinished) return {};
  const auto never = [] { return false; };
  const Result<bool> done =
      roster_.Settle(compiled, wanted, sweep, now,
                     makes_way && newer_ ? newer_ : never, report_);
  if (!done) return Fail(done.error());
  report_.unfinished = !*done;
  return {};
}

// What is wrong with the objects that the part was about, in place of what was
// wrong with them before.
void Reconciler::Impl::ReplaceProblems(const access::Snapshot& snapshot,
                                       const Concerned& part,
                                       const access::Edits& edits) {
  std::unordered_set<std::string> objects = ObjectsOf(snapshot, part);
  for (const model::Ended& one : edits.ended) {
    objects.insert(one.kind + " " + ToString(one.ref));
  }
  const auto is_theirs = [&](const model::Problem& problem) {
    return objects.count(problem.object) > 0;
  };
  problems_.erase(std::remove_if(problems_.begin(), problems_.end(), is_theirs),
                  problems_.end());
  std::copy_if(snapshot.problems().begin(), snapshot.problems().end(),
               std::back_inserter(problems_), is_theirs);
}

void Reconciler::Impl::Summarise() {
  cut_off_ = cut_off_ || report_.unfinished;
  report_.unfinished = cut_off_ && !report_.interrupted;
  report_.brakes = verdict_.brakes;
  report_.missing = missing_;
  report_.problems = problems_;
  report_.next_transition = next_transition_;
  roster_.Describe(report_);
  if (compiled_) report_.principals = compiled_->wanted().size();
  if (report_.judged.snapshot) return;
  // Vault was not reached with these objects yet.
  report_.judged = {std::make_shared<const access::Snapshot>(
                        index_->All(), settings_.snapshot),
                    true,
                    {}};
}

bool Reconciler::Impl::Suspect(size_t count) {
  suspects_epoch_ = true;
  if (!roster_.Suspect(count)) return false;
  loaded_ = false;  // what is new or gone shows in the list only
  return true;
}

Reconciler::Reconciler(ReconcilerSettings settings, Store& store)
    : impl_(std::make_unique<Impl>(std::move(settings), store)) {}
Reconciler::~Reconciler() = default;

void Reconciler::YieldTo(std::function<bool()> newer) {
  impl_->YieldTo(std::move(newer));
}
PassReport Reconciler::Pass(access::SharedObjects objects, Time now) {
  return impl_->Pass(std::move(objects), now);
}
PassReport Reconciler::Edit(const access::Edits& edits, Time now) {
  return impl_->Edit(edits, now);
}
PassReport Reconciler::Continue(Time now) { return impl_->Continue(now); }
bool Reconciler::Suspect(size_t count) { return impl_->Suspect(count); }
size_t Reconciler::known() const { return impl_->known(); }

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "operator/reconciler.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "operator/compiled.h"
#include "operator/epoch.h"
#include "operator/listing.h"
#include "operator/personal_sweep.h"
#include "operator/problems.h"
#include "operator/roster.h"
#include "operator/safekeeping.h"
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

// How long a list of names is good for, where edits keep a pass from its end.
constexpr std::chrono::seconds kListingLife{60};

// Of one pass; edits wait no longer than for these.
constexpr size_t kSweepCalls = 100;

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
        safekeeping_(settings_, store),
        epoch_(store, settings_.layout.cluster, settings_.known_epoch),
        roster_(settings_, store),
        sweep_(store, settings_.layout.cluster) {}

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
  Status Part(const Concerned& part, model::Objects slice, bool makes_way,
              Time now);
  Status CheckEpoch();
  Status AdvanceEpoch();
  void ForgetVault();
  Status Load();
  Status Prepare(Time now);
  Status ListNames(Time now);
  void Compile(model::Objects objects);
  void StartGeneration(Time now);
  bool IsHealthy() const { return prepared_ && safekeeping_.IsHealthy(); }
  std::optional<Concerned> Due(Time now) const;
  Status SettleAll(Time now);
  Status Settle(const Compiled& compiled,
                const std::vector<const Wanted*>& wanted, Sweep sweep,
                bool makes_way, Time now);
  void NoteEnded(const std::vector<model::Ended>& connections,
                 const std::vector<model::Ended>& accounts);
  void NoteTombstones();
  Status SweepPersonal();
  void Interrupt(Error error);
  void Summarise();

  const ReconcilerSettings settings_;
  Store& store_;
  std::function<bool()> newer_;
  Safekeeping safekeeping_;
  Epoch epoch_;
  Roster roster_;
  PersonalSweep sweep_;
  std::optional<Error> unswept_;  // why the last sweep was given up
  bool recalls_ended_ = false;    // those of former processes are to be swept
  bool suspects_epoch_ = true;
  bool has_written_ = false;  // since the epoch was advanced

  std::unique_ptr<ObjectIndex> index_;  // null before the first Pass
  bool prepared_ = false;               // safekeeping_ knows these objects
  bool loaded_ = false;  // roster_ and safekeeping_ are of this Vault
  bool was_interrupted_ = false;

  std::vector<model::Problem> problems_;
  std::optional<Time> generation_start_;
  std::optional<Time> next_transition_;

  // Of a pass over everything that is not done, or with something held; and
  // for whom it was overtaken by edits since it was compiled.
  std::unique_ptr<Compiled> compiled_;
  Concerned overtaken_;
  Concerned left_;  // of parts that made way; nobody else knows of the new ones
  bool cut_off_ = false;
  std::unique_ptr<Listing> listing_;  // for that pass
  Time listed_;
  std::optional<Error> unlisted_;  // why names are not listed any more

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
  NoteEnded(index_->All().ended, {});
  return Run([&] { return Everything(now); });
}

PassReport Reconciler::Impl::Edit(const access::Edits& edits, Time now) {
  if (!index_) return PassReport();
  NoteEnded(edits.ended, edits.ended_accounts);
  const std::optional<Concerned> concerned = index_->Apply(edits);
  if (!concerned || !IsHealthy() || was_interrupted_) {
    prepared_ = false;
    return Run([&] { return Everything(now); });
  }
  PassReport report = Run([&]() -> Status {
    prepared_ = false;  // until the ledger knows
    model::Objects slice = index_->Slice(*concerned);
    const Result<bool> judged =
        safekeeping_.JudgeEdits(edits, *index_, slice, now, report_.changes);
    if (!judged) return Fail(judged.error());
    if (!*judged) return Everything(now);
    prepared_ = true;
    next_transition_ = index_->NextTransition(generation_start_.value_or(now));
    roster_.Outdate(concerned->principals);
    // A few are done sooner than put off.
    const bool makes_way = concerned->principals.size() > kSmallPart;
    Status done = Part(*concerned, std::move(slice), makes_way, now);
    if (done && report_.judged.snapshot) {
      ReplaceProblems(*report_.judged.snapshot, *concerned, edits, problems_);
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
  if (done) done = SweepPersonal();
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
// than the objects say: then nothing less than a pass over everything will do.
Status Reconciler::Impl::Everything(Time now) {
  return CheckEpoch()
      .and_then([&] { return Load(); })
      .and_then([&] { return Prepare(now); })
      .and_then([&] { return ListNames(now); })
      .and_then([&] { return SettleAll(now); });
}

Status Reconciler::Impl::WhatIsLeft(Time now) {
  Status done = CheckEpoch().and_then([&] { return Load(); });
  if (!done) return done;
  roster_.TakeUpWhatWasPutOff();
  const bool clock_went_back = generation_start_ && now < *generation_start_;
  if (!IsHealthy() || compiled_ || was_interrupted_ || clock_went_back) {
    return Everything(now);
  }
  std::optional<Concerned> part = Due(now);
  if (part) {
    part->principals.insert(left_.principals.begin(), left_.principals.end());
    part->connections.insert(left_.connections.begin(),
                             left_.connections.end());
    roster_.Outdate(part->principals);
    for (const std::string& id : roster_.Stale()) {
      const std::optional<Principal> principal = roster_.PrincipalOf(id);
      if (!principal) return Everything(now);
      part->principals.insert(*principal);
    }
  }
  const size_t most = std::max(kSmallPart, roster_.size() / kLargestShare);
  if (!part || part->principals.size() > most) return Everything(now);
  left_ = {};
  if (!part->connections.empty()) generation_start_ = now;
  next_transition_ = index_->NextTransition(now);
  done = Part(*part, index_->Slice(*part), true, now);
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
Status Reconciler::Impl::Part(const Concerned& part, model::Objects slice,
                              bool makes_way, Time now) {
  safekeeping_.ApplyTo(slice);
  const Compiled compiled(std::move(slice), settings_, nullptr);
  report_.judged = {compiled.snapshot(), false, true, part.connections,
                    part.principals};
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
  if (done && report_.unfinished) {
    left_.principals.insert(part.principals.begin(), part.principals.end());
    left_.connections.insert(part.connections.begin(), part.connections.end());
    compiled_.reset();  // it would pass over them
    return {};
  }
  if (!done || roster_.Troubles() == troubles) return done;
  // Of which Connections the troubled principals are, the part cannot tell.
  compiled_.reset();
  return Everything(now);
}

void Reconciler::Impl::NoteEnded(const std::vector<model::Ended>& connections,
                                 const std::vector<model::Ended>& accounts) {
  for (const model::Ended& one : connections) {
    if (one.kind == "Connection") sweep_.ConnectionEnded(one.uid);
  }
  for (const model::Ended& one : accounts)
    sweep_.AccountEnded(one.ref, one.uid);
}

// Of what ended before this process began; what came back and was saved again
// is not among them.
void Reconciler::Impl::NoteTombstones() {
  std::unordered_set<std::string> live;
  for (const model::Connection& one : index_->All().connections) {
    live.insert(one.metadata.uid);
  }
  for (const auto& [ns, inventory] : safekeeping_.known()) {
    for (const auto& [uid, stone] : inventory.ended) {
      if (live.count(uid) == 0) sweep_.ConnectionEnded(uid);
    }
  }
}

// After the policies that opened them were rewritten. Nobody can read what is
// left, so nothing waits for it.
Status Reconciler::Impl::SweepPersonal() {
  if (report_.unfinished) return {};
  if (safekeeping_.loaded() && std::exchange(recalls_ended_, false)) {
    NoteTombstones();
  }
  if (!sweep_.pending()) return {};
  Status done = sweep_.Go(kSweepCalls, report_.changes);
  if (done) {
    if (!sweep_.pending()) unswept_.reset();
    return {};
  }
  if (IsRetryable(done.error().code)) return done;
  unswept_ = std::move(done).error();
  sweep_.GiveUp();
  return {};
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
  listing_.reset();
  loaded_ = false;
}

Status Reconciler::Impl::CheckEpoch() {
  if (!suspects_epoch_) return {};
  const Result<Epoch::Finding> found = epoch_.Check();
  if (!found) return Fail(found.error());
  suspects_epoch_ = false;
  // A Vault restored from a snapshot, though no call failed.
  if (*found != Epoch::Finding::kSame) ForgetVault();
  if (*found == Epoch::Finding::kOlder) {
    safekeeping_.DoubtKnown();
    prepared_ = false;
    has_written_ = true;  // so that it is counted past what was known
  }
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
  const Result<bool> changed = safekeeping_.Load();
  if (!changed) return Fail(changed.error());
  if (*changed) prepared_ = false;
  loaded_ = true;
  return {};
}

Status Reconciler::Impl::Prepare(Time now) {
  if (!prepared_) {
    model::Objects objects = index_->All();
    compiled_.reset();  // it refers to what is held
    Status judged = safekeeping_.Judge(objects, roster_.Ids(), now);
    if (!judged) return judged;
    Compile(std::move(objects));
    StartGeneration(now);
    // What was there is written down before it gives anything, so that its
    // absence is noticed even by the next process.
    Status saved = safekeeping_.Save(report_.changes);
    if (!saved) return saved;
    prepared_ = true;
  } else if (!compiled_) {
    Compile(index_->All());
  }
  const bool passed = next_transition_ && *next_transition_ <= now;
  const bool clock_went_back = generation_start_ && now < *generation_start_;
  if (passed || clock_went_back) StartGeneration(now);
  return {};
}

void Reconciler::Impl::Compile(model::Objects objects) {
  safekeeping_.ApplyTo(objects);
  compiled_.reset();
  compiled_ = std::make_unique<Compiled>(std::move(objects), settings_,
                                         safekeeping_.held());
  problems_ = compiled_->problems();
  overtaken_ = {};
  left_ = {};
}

// Where many were not looked at yet, a few lists tell what is in Vault.
Status Reconciler::Impl::ListNames(Time now) {
  if (now < listed_ || now - listed_ >= kListingLife) listing_.reset();
  if (listing_ || unlisted_ ||
      roster_.CountUnseen(compiled_->wanted()) < settings_.many) {
    return {};
  }
  Result<Listing> names = Listing::Read(store_, settings_.layout);
  if (names) {
    listing_ = std::make_unique<Listing>(*std::move(names));
    listed_ = now;
  } else if (IsRetryable(names.error().code)) {
    return Fail(std::move(names).error());
  } else {
    unlisted_ = std::move(names).error();
  }
  return {};
}

void Reconciler::Impl::StartGeneration(Time now) {
  roster_.Outdate();
  generation_start_ = now;
  next_transition_ = compiled_->NextTransition(now);
}

// Everyone's rights first, so that who relies on them is not left without;
// then what is taken away, then the rest.
Status Reconciler::Impl::SettleAll(Time now) {
  report_.judged = {compiled_->snapshot(), true, true, overtaken_.connections};
  std::unordered_set<std::string> overtaken;
  for (const Principal& one : overtaken_.principals) {
    overtaken.insert(IdOf(one));
  }
  const Order order = OrderOf(*compiled_, [&](const std::string& id) {
    return overtaken.count(id) == 0;
  });
  const auto remove = [&]() -> Status {
    // With everything frozen, nothing is deleted.
    if (safekeeping_.verdict().all) return {};
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
  if (cut_off_) return {};
  listing_.reset();
  if (IsHealthy() && !roster_.PutsOff()) compiled_.reset();
  return {};
}

// Nothing once it was cut off.
Status Reconciler::Impl::Settle(const Compiled& compiled,
                                const std::vector<const Wanted*>& wanted,
                                Sweep sweep, bool makes_way, Time now) {
  if (report_.unfinished) return {};
  const auto never = [] { return false; };
  const Listing* listing =
      &compiled == compiled_.get() ? listing_.get() : nullptr;
  const Result<bool> done =
      roster_.Settle(compiled, wanted, sweep, listing, now,
                     makes_way && newer_ ? newer_ : never, report_);
  if (!done) return Fail(done.error());
  report_.unfinished = !*done;
  return {};
}

void Reconciler::Impl::Summarise() {
  cut_off_ = cut_off_ || report_.unfinished;
  report_.unfinished = cut_off_ && !report_.interrupted;
  report_.put_off = roster_.PutsOff() || sweep_.pending();
  report_.brakes = safekeeping_.verdict().brakes;
  report_.missing = safekeeping_.missing();
  report_.problems = problems_;
  report_.unlisted = unlisted_;
  report_.unswept = unswept_;
  report_.next_transition = next_transition_;
  report_.epoch = epoch_.count();
  roster_.Describe(report_);
  if (compiled_) report_.principals = compiled_->wanted().size();
  if (report_.judged.snapshot) return;
  // Vault was not reached with these objects yet.
  model::Objects objects = index_->All();
  safekeeping_.ApplyTo(objects);
  report_.judged = {std::make_shared<const access::Snapshot>(
                        std::move(objects), settings_.snapshot),
                    true,
                    safekeeping_.loaded(),
                    {}};
}

bool Reconciler::Impl::Suspect(size_t count) {
  suspects_epoch_ = true;
  if (!roster_.Suspect(count)) return false;
  loaded_ = false;  // what is new or gone shows in the list only
  recalls_ended_ = true;
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

// SPDX-License-Identifier: Apache-2.0
#include "operator/roster.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "operator/crew.h"
#include "operator/vault_names.h"

namespace claviger::op {
namespace {

// So many principals failing one after the other is a fault of Vault or of our
// rights, not of theirs.
constexpr int kMaxFailuresInARow = 10;

}  // namespace

/// One principal on the way.
struct Roster::Work {
  const Compiled& compiled;
  const Wanted& wanted;
  Tracked& tracked;
  Sweep sweep;
  const Listing* listing;
  Time now;
  std::vector<Change> changes = {};
  Status done = {};  // of the calls to the Store
};

void Roster::LookAgain(Tracked& tracked, Look look) {
  tracked.look = std::max(tracked.look, look);
  tracked.put_off = false;
  tracked.memory.rights = {};
}

void Roster::ForgetVault() {
  for (auto& [id, tracked] : tracked_) LookAgain(tracked, Look::kAtFirst);
}

void Roster::TakeUpWhatWasPutOff() {
  for (auto& [id, tracked] : tracked_) {
    if (tracked.put_off) LookAgain(tracked, Look::kAll);
  }
}

bool Roster::PutsOff() const {
  return std::any_of(tracked_.begin(), tracked_.end(),
                     [](const auto& entry) { return entry.second.put_off; });
}

size_t Roster::CountUnseen(const std::vector<Wanted>& wanted) const {
  return static_cast<size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const Wanted& one) {
        const auto found = tracked_.find(one.id);
        return found == tracked_.end() || found->second.look == Look::kAtFirst;
      }));
}

// Of what this process wrote itself, the list may not tell yet.
Known Roster::KnownOf(const Tracked& tracked, const Desired& desired,
                      const Listing* listing) {
  Known known;
  if (listing == nullptr) return known;
  known.nothing = !tracked.memory.ours && listing->HasNothing(desired);
  known.rights_exist =
      tracked.look == Look::kAtFirst && listing->HasRights(desired);
  return known;
}

void Roster::Outdate(const std::set<access::Principal>& principals) {
  for (const access::Principal& principal : principals) {
    const auto found = tracked_.find(IdOf(principal));
    if (found != tracked_.end()) found->second.generation = 0;
  }
}

bool Roster::Suspect(size_t count) {
  auto next = tracked_.upper_bound(cursor_);
  for (; count > 0 && next != tracked_.end(); --count, ++next) {
    LookAgain(next->second, Look::kAll);
    cursor_ = next->first;
  }
  if (next != tracked_.end()) return false;
  cursor_.clear();
  return true;
}

void Roster::BeginPass() {
  ++pass_;
  failures_in_a_row_ = 0;
}

Result<bool> Roster::Settle(const Compiled& compiled,
                            const std::vector<const Wanted*>& wanted,
                            Sweep sweep, const Listing* listing, Time now,
                            const std::function<bool()>& stop,
                            PassReport& report) {
  // Looked up first: the map must not change while the crew is at work.
  std::vector<Work> work;
  for (const Wanted* one : wanted) {
    Tracked& tracked = tracked_[one->id];
    Want(tracked, true);
    tracked.principal = one->principal;
    if (!IsStale(tracked) || tracked.failed == pass_) continue;
    const bool same_wish = tracked.generation == generation_;
    if (same_wish && sweep == Sweep::kChanged) continue;
    work.push_back({compiled, *one, tracked, sweep, listing, now});
  }
  Status fatal;
  const bool all = ForEachInParallel(
      work.size(), settings_.writers,
      [&](size_t i) {
        SettleOne(work[i]);
        const std::lock_guard lock(mutex_);
        Status kept = Keep(work[i], report);
        if (!kept && fatal) fatal = std::move(kept);
      },
      [&] {
        {
          const std::lock_guard lock(mutex_);
          if (!fatal) return true;
        }
        return stop();
      });
  if (!fatal) return Fail(std::move(fatal).error());
  return all;
}

// Its own tracked is all that it changes.
void Roster::SettleOne(Work& work) const {
  Tracked& tracked = work.tracked;
  Result<Desired> desired = work.compiled.DesiredFor(work.wanted, work.now);
  if (!desired) {
    tracked.failure = Failure{work.wanted.id, desired.error(), true};
    tracked.look = Look::kNothing;
    tracked.generation = generation_;
    tracked.settled.clear();
    return;
  }
  tracked.failure.reset();
  desired->only_if_there = LeansOnForeign(work.wanted);
  std::string digest = desired->Digest();
  const bool same = tracked.settled == digest;
  if (same) tracked.generation = generation_;
  const bool seen = tracked.look == Look::kNothing;
  if (same && (seen || work.sweep == Sweep::kChanged)) return;
  Settler settler(store_, settings_.layout, work.changes);
  Result<Settled> outcome = settler.Settle(
      *desired, tracked.memory, KnownOf(tracked, *desired, work.listing));
  tracked.put_off = outcome && outcome->put_off;
  tracked.look = outcome ? Look::kNothing : Look::kAll;
  if (!outcome) {
    tracked.failed = pass_;
    work.done = Fail(std::move(outcome).error());
    return;
  }
  tracked.conflict = std::move(outcome->conflict);
  tracked.settled = std::move(digest);
  tracked.generation = generation_;
}

Status Roster::Keep(Work& work, PassReport& report) {
  std::move(work.changes.begin(), work.changes.end(),
            std::back_inserter(report.changes));
  Status kept = Check(work.wanted.id, work.tracked, std::move(work.done));
  NoteTrouble(work.wanted.id, work.tracked);
  return kept;
}

void Roster::Want(Tracked& tracked, bool wanted) {
  if (wanted == tracked.wanted) return;
  tracked.wanted = wanted;
  wanted_ = wanted ? wanted_ + 1 : wanted_ - 1;
}

void Roster::NoteTrouble(const std::string& id, const Tracked& tracked) {
  if (tracked.conflict || tracked.failure) {
    troubled_.insert(id);
  } else {
    troubled_.erase(id);
  }
}

// Each login carries its kind's everyone policy. If that one is somebody
// else's, a new login would hand out whatever it says.
bool Roster::LeansOnForeign(const Wanted& wanted) const {
  if (wanted.IsEveryone()) return false;
  const bool account = wanted.id.rfind("sa.", 0) == 0;
  const auto everyone =
      tracked_.find(account ? "everyone.sa" : "everyone.user");
  return everyone != tracked_.end() && everyone->second.conflict.has_value();
}

Status Roster::RemoveUnwanted(
    const std::function<bool(const std::string&)>& is_wanted,
    PassReport& report) {
  std::vector<std::string> unwanted;
  for (const auto& [id, tracked] : tracked_) {
    if (!is_wanted(id)) unwanted.push_back(id);
  }
  return Remove(unwanted, report);
}

Status Roster::Remove(const std::vector<std::string>& ids, PassReport& report) {
  for (const std::string& id : ids) {
    const auto found = tracked_.find(id);
    if (found == tracked_.end()) continue;
    Tracked& tracked = found->second;
    Want(tracked, false);
    LookAgain(tracked, Look::kAll);
    Settler settler(store_, settings_.layout, report.changes);
    const Result<Settler::Outcome> outcome = settler.Remove(id, tracked.memory);
    Status done =
        Check(id, tracked, outcome ? Status() : Fail(outcome.error()));
    NoteTrouble(id, tracked);
    if (!done) return done;
    if (!outcome) continue;
    if (*outcome) report.conflicts.push_back(**outcome);
    troubled_.erase(id);
    tracked_.erase(found);
  }
  return {};
}

// What fails for one principal does not stop the others, unless it would fail
// for them as well.
Status Roster::Check(const std::string& id, Tracked& tracked, Status done) {
  if (done) {
    failures_in_a_row_ = 0;
    return {};
  }
  if (IsRetryable(done.error().code) ||
      ++failures_in_a_row_ >= kMaxFailuresInARow) {
    return done;
  }
  tracked.failure = Failure{id, std::move(done).error(), false};
  return {};
}

std::vector<std::string> Roster::Ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, tracked] : tracked_) ids.push_back(id);
  return ids;
}

std::vector<std::string> Roster::Stale() const {
  std::vector<std::string> ids;
  for (const auto& [id, tracked] : tracked_) {
    if (IsStale(tracked)) ids.push_back(id);
  }
  return ids;
}

std::optional<access::Principal> Roster::PrincipalOf(
    const std::string& id) const {
  const auto found = tracked_.find(id);
  if (found != tracked_.end() && found->second.principal) {
    return found->second.principal;
  }
  return op::PrincipalOf(id);
}

size_t Roster::known() const {
  return static_cast<size_t>(std::count_if(
      tracked_.begin(), tracked_.end(),
      [](const auto& entry) { return entry.second.memory.ours; }));
}

std::string Roster::Troubles() const {
  std::string troubles;
  for (const std::string& id : troubled_) {
    const Tracked& tracked = tracked_.at(id);
    if (tracked.conflict) troubles += id + tracked.conflict->what + "\n";
    if (tracked.failure) troubles += id + tracked.failure->error.message + "\n";
  }
  return troubles;
}

void Roster::Describe(PassReport& report) const {
  report.principals += wanted_;
  for (const std::string& id : troubled_) {
    const Tracked& tracked = tracked_.at(id);
    if (tracked.conflict) report.conflicts.push_back(*tracked.conflict);
    if (tracked.failure) report.failures.push_back(*tracked.failure);
  }
}

}  // namespace claviger::op

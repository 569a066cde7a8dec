// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/kube_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace claviger::op {
namespace {

// Whether what is ending may still have an effect in Vault. A principal in
// conflict is somebody else's: nothing of ours is there.
bool VaultFollowed(const PassReport& report) {
  return !report.interrupted && !report.incomplete_read && !report.unfinished &&
         report.failures.empty();
}

template <typename T>
void AddUids(const std::vector<T>& objects, std::set<std::string>& uids) {
  for (const T& one : objects) uids.insert(one->metadata.uid);
}

template <typename T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void AddMissing(const std::vector<model::Ended>& from,
                std::vector<model::Ended>& to) {
  for (const model::Ended& one : from) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
  }
}

}  // namespace

KubeSource::KubeSource(ObjectStore& store, Finalizers& finalizers,
                       Departures& departures, Logger& log)
    : store_(store),
      finalizers_(finalizers),
      departures_(departures),
      log_(log) {}

bool KubeSource::Changed() {
  return store_.synced() && (pending_ || store_.HasNews());
}

bool KubeSource::Edited() const { return store_.HasNews(); }

Result<access::SharedObjects> KubeSource::Read() {
  pending_ = true;  // where this fails, what was news still is
  std::vector<model::Ended> put_off;
  // Before anything else: a read without these must not count as one.
  const Status known = departures_.AddTo(put_off);
  if (!known) return Fail(known.error());
  (void)store_.TakeNews();
  pending_ = false;
  selection_ = Select(store_, in_force_);
  if (!selection_.unprotected.empty()) ProtectSome();
  has_read_ = true;
  in_force_.clear();
  PutInForce(selection_.objects);
  AddMissing(put_off, selection_.objects.rest.ended);
  return std::move(selection_.objects);
}

// Many are taken up in pieces afterwards, as edits are: others' must not wait
// for all of them. Except at first, when nothing is in force yet.
void KubeSource::ProtectSome() {
  std::vector<ObjectId> some = selection_.unprotected;
  if (has_read_ && some.size() > NewsQueue::kPiece) {
    some.resize(NewsQueue::kPiece);
  }
  const Status done = finalizers_.Protect(some);
  Report(done, "finalizers cannot be written; new objects wait");
  (void)store_.TakeNews();
  selection_ = Select(store_, in_force_);
  std::vector<ObjectId> others;
  std::set_difference(selection_.unprotected.begin(),
                      selection_.unprotected.end(), some.begin(), some.end(),
                      std::back_inserter(others));
  // What somebody else (our own status too) changed meanwhile gives no other
  // reason to look again.
  pending_ = !done || others.size() < selection_.unprotected.size();
  if (!pending_) store_.Renew(others);
}

void KubeSource::PutInForce(const access::SharedObjects& objects) {
  AddUids(objects.connections, in_force_);
  AddUids(objects.grants, in_force_);
  AddUids(objects.groups, in_force_);
}

std::optional<access::Edits> KubeSource::ReadEdits() {
  if (!has_read_ || pending_) return std::nullopt;
  const ObjectStore::News news = store_.TakeSomeNews();
  if (news.again) return std::nullopt;
  auto edits = SelectNews(store_, news.objects, selection_, in_force_);
  if (edits && !edits->unprotected.empty()) {
    const Status done = finalizers_.Protect(edits->unprotected);
    Report(done, "finalizers cannot be written; new objects wait");
    // What was just written is read right away.
    store_.DropNews(edits->unprotected);
    edits = SelectNews(store_, news.objects, selection_, in_force_);
  }
  // Where something is left to be protected, Read sees to it.
  if (!edits || !edits->unprotected.empty()) return std::nullopt;
  PutInForce(edits->objects);
  Append(selection_.ending, edits->ending);
  Append(selection_.ended, edits->ended);
  access::Edits result{std::move(edits->objects.connections),
                       std::move(edits->objects.grants),
                       std::move(edits->objects.rest.ended),
                       {}};
  if (news.accounts) result.service_accounts = store_.ServiceAccounts();
  result.account_uids = news.account_uids;
  result.ended_accounts = store_.TakeEndedAccounts();
  return result;
}

void KubeSource::After(const PassReport& report) {
  // What was written down meanwhile is known to a whole read only.
  if (report.interrupted) has_read_ = false;
  std::vector<ObjectId> going = departures_.After(report, selection_.ending);
  if (VaultFollowed(report)) going = selection_.ending;
  Release(going);
}

void KubeSource::WithoutVault(const Error& why) {
  if (!store_.synced()) return;
  selection_.ending = Select(store_, in_force_).ending;
  PassReport none;
  none.interrupted = why;
  Release(departures_.After(none, selection_.ending));
}

void KubeSource::Release(const std::vector<ObjectId>& going) {
  if (going.empty()) return;
  const Status done = finalizers_.Release(going);
  pending_ = pending_ || !done;
  Report(done, "finalizers cannot be taken off; deleted objects wait");
  if (!done) return;
  const std::set<ObjectId> gone(going.begin(), going.end());
  auto& ending = selection_.ending;
  ending.erase(
      std::remove_if(ending.begin(), ending.end(),
                     [&](const ObjectId& id) { return gone.count(id) > 0; }),
      ending.end());
}

void KubeSource::Report(const Status& done, std::string_view what) {
  if (done) return complaint_.clear();
  if (done.error().message == complaint_) return;
  complaint_ = done.error().message;
  log_.Warning(what, {{"error", complaint_}});
}

}  // namespace claviger::op

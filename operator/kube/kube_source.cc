// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/kube_source.h"

#include <algorithm>
#include <utility>

namespace claviger::op {
namespace {

// Whether what is ending may still have an effect in Vault. A principal in
// conflict is somebody else's: nothing of ours is there.
bool VaultFollowed(const PassReport& report) {
  return !report.interrupted && !report.incomplete_read &&
         report.failures.empty();
}

template <typename T>
void AddUids(const std::vector<T>& objects, std::set<std::string>& uids) {
  for (const T& one : objects) uids.insert(one.metadata.uid);
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
  return store_.synced() && (pending_ || store_.generation() != generation_);
}

Result<model::Objects> KubeSource::Read() {
  std::vector<model::Ended> put_off;
  // Before anything else: a read without these must not count as one.
  const Status known = departures_.AddTo(put_off);
  if (!known) return Fail(known.error());
  generation_ = store_.generation();
  pending_ = false;
  selection_ = Select(store_, in_force_);
  if (!selection_.unprotected.empty()) {
    const Status done = finalizers_.Protect(selection_.unprotected);
    Report(done, "finalizers cannot be written; new objects wait");
    generation_ = store_.generation();
    selection_ = Select(store_, in_force_);
    // What came while the others' were written, and what somebody else (our
    // own status too) changed meanwhile, gives no other reason to look again.
    pending_ = !done || !selection_.unprotected.empty();
  }
  in_force_.clear();
  AddUids(selection_.objects.connections, in_force_);
  AddUids(selection_.objects.grants, in_force_);
  AddUids(selection_.objects.groups, in_force_);
  AddMissing(put_off, selection_.objects.ended);
  return std::move(selection_.objects);
}

void KubeSource::After(const PassReport& report) {
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

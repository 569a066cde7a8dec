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

}  // namespace

KubeSource::KubeSource(ObjectStore& store, Finalizers& finalizers, Logger& log)
    : store_(store), finalizers_(finalizers), log_(log) {}

bool KubeSource::Changed() {
  return store_.synced() && (pending_ || store_.generation() != generation_);
}

Result<model::Objects> KubeSource::Read() {
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
  return std::move(selection_.objects);
}

void KubeSource::After(const PassReport& report) {
  if (selection_.ending.empty() || !VaultFollowed(report)) return;
  const Status done = finalizers_.Release(selection_.ending);
  pending_ = pending_ || !done;
  Report(done, "finalizers cannot be taken off; deleted objects wait");
  if (done) selection_.ending.clear();
}

void KubeSource::Report(const Status& done, std::string_view what) {
  if (done) return complaint_.clear();
  if (done.error().message == complaint_) return;
  complaint_ = done.error().message;
  log_.Warning(what, {{"error", complaint_}});
}

}  // namespace claviger::op

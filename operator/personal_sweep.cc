// SPDX-License-Identifier: Apache-2.0
#include "operator/personal_sweep.h"

#include "access/principal.h"

namespace claviger::op {
namespace {

constexpr size_t kMaxDone = 100'000;

// ListEntries gives folders with a slash at their end.
std::string WithoutSlash(std::string name) {
  if (!name.empty() && name.back() == '/') name.pop_back();
  return name;
}

}  // namespace

PersonalSweep::PersonalSweep(Store& store, std::string cluster)
    : store_(store), root_(access::PersonalRoot(cluster)) {}

void PersonalSweep::ConnectionEnded(const std::string& uid) {
  if (done_.size() >= kMaxDone) done_.clear();
  if (!access::IsPlainUid(uid) || !done_.insert(uid).second) return;
  connections_.insert(uid);
  walk_.reset();  // from the beginning, for this one too
}

void PersonalSweep::AccountEnded(const model::ObjectRef& account,
                                 const std::string& uid) {
  if (!access::IsPlainUid(uid)) return;
  accounts_.emplace(
      IdOf(access::Principal::ServiceAccount(account.ns, account.name)), uid);
}

void PersonalSweep::GiveUp() {
  accounts_.clear();
  connections_.clear();
  walk_.reset();
}

Status PersonalSweep::Go(size_t calls, std::vector<Change>& changes) {
  made_ = 0;
  while (!accounts_.empty() && made_ < calls) {
    Status done = SweepAccount(*accounts_.begin(), changes);
    if (!done) return done;
    accounts_.erase(accounts_.begin());
  }
  if (connections_.empty()) return {};
  return SweepConnections(calls, changes);
}

Status PersonalSweep::SweepAccount(const Account& account,
                                   std::vector<Change>& changes) {
  const std::string folder = root_ + "/" + account.first + "/" + account.second;
  const auto slots = List(folder);
  if (!slots) return Fail(slots.error());
  for (const std::string& slot : *slots) {
    Status done = Remove(folder + "/" + slot, changes);
    if (!done) return done;
  }
  return {};
}

Status PersonalSweep::SweepConnections(size_t calls,
                                       std::vector<Change>& changes) {
  if (!walk_) {
    auto principals = List(root_);
    if (!principals) return Fail(principals.error());
    walk_ = *std::move(principals);
  }
  while (!walk_->empty() && made_ < calls) {
    Status done =
        SweepPrincipal(root_ + "/" + WithoutSlash(walk_->back()), changes);
    if (!done) return done;
    walk_->pop_back();
  }
  if (!walk_->empty()) return {};
  walk_.reset();
  connections_.clear();
  return {};
}

Status PersonalSweep::SweepPrincipal(const std::string& folder,
                                     std::vector<Change>& changes) {
  const auto accounts = List(folder);
  if (!accounts) return Fail(accounts.error());
  for (const std::string& account : *accounts) {
    const std::string below = folder + "/" + WithoutSlash(account);
    const auto slots = List(below);
    if (!slots) return Fail(slots.error());
    for (const std::string& slot : *slots) {
      if (connections_.count(slot) == 0) continue;
      Status done = Remove(below + "/" + slot, changes);
      if (!done) return done;
    }
  }
  return {};
}

Status PersonalSweep::Remove(const std::string& path,
                             std::vector<Change>& changes) {
  ++made_;
  Status done = store_.RemoveEntry(path);
  if (done) changes.push_back({Action::kDelete, Kind::kPersonal, path, false});
  return done;
}

Result<std::vector<std::string>> PersonalSweep::List(const std::string& path) {
  ++made_;
  return store_.ListEntries(path);
}

}  // namespace claviger::op

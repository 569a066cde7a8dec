// SPDX-License-Identifier: Apache-2.0
#include "sidecar/credentials/cache.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

// For how long a lease is worth revoking of which nothing else is known.
constexpr milliseconds kUnknownEnd = std::chrono::hours(1);
// Longer than Vault is left alone for.
constexpr milliseconds kUrgent{30'000};

}  // namespace

std::string CredentialKey(const model::VaultRef& ref) {
  std::string key = model::ApiPath(ref);
  if (ref.version) key += "?version=" + std::to_string(*ref.version);
  return key;
}

CredentialCache::CredentialCache(const Settings& settings, Worker& worker,
                                 const Clock& clock, Random& random,
                                 Metrics& metrics, CredentialSource source,
                                 Listener on_change)
    : settings_(settings),
      worker_(worker),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      source_(std::move(source)),
      on_change_(std::move(on_change)),
      revoker_(worker, clock, random, source_.revoke) {
  login_.ends = SteadyTime::max();
}

void CredentialCache::Happens(Entry& entry, const life::Event& event) {
  entry.life = life::Next(entry.life, event, clock_.SteadyNow(), random_.Unit(),
                          settings_.pace);
}

bool CredentialCache::IsUrgent(const Entry& entry) const {
  const SteadyTime now = clock_.SteadyNow();
  const life::Held* held = life::HeldAt(entry.life, now);
  const auto end = held == nullptr ? std::nullopt : life::EndOf(*held);
  return end && *end - now < kUrgent;
}

Known CredentialCache::Find(const model::VaultRef& ref) {
  const std::string key = CredentialKey(ref);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return {};
  Entry& entry = *found->second;
  const SteadyTime now = clock_.SteadyNow();
  Known known;
  const life::Trouble* trouble = life::TroubleOf(entry.life);
  const life::Held* held = life::HeldAt(entry.life, now);
  if (trouble != nullptr && (held != nullptr || now < trouble->retry_at)) {
    known.error = trouble->error;
  }
  if (held == nullptr) return known;
  known.credential = entry.credential;
  known.stale = trouble != nullptr;
  if (trouble != nullptr) known.unconfirmed = now - trouble->since;
  if (const auto end = life::EndOf(*held)) {
    known.expires_at = entry.shown_end.Of(*end, clock_);
  }
  return known;
}

bool CredentialCache::Fetch(const model::VaultRef& ref, Done done) {
  return Ask(ref, false, std::move(done));
}

bool CredentialCache::Replace(const model::VaultRef& ref, Done done) {
  return Ask(ref, true, std::move(done));
}

bool CredentialCache::Ask(const model::VaultRef& ref, bool distrust,
                          Done done) {
  const std::string key = CredentialKey(ref);
  const std::lock_guard lock(mutex_);
  if (waiting_ >= settings_.max_waiting) return false;
  const EntryPtr entry = Obtain(key, ref);
  if (entry == nullptr) return false;
  if (!life::IsBusy(entry->life)) {
    if (!worker_.Post([this, key, entry] { Read(key, entry); })) return false;
    Happens(*entry, life::Began{life::Task::kRead});
  }
  entry->distrusted = entry->distrusted || distrust;
  entry->waiting.push_back(std::move(done));
  ++waiting_;
  return true;
}

CredentialCache::EntryPtr CredentialCache::Obtain(const std::string& key,
                                                  const model::VaultRef& ref) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  if (entries_.size() >= settings_.max_entries) return nullptr;
  auto entry = std::make_shared<Entry>();
  entry->ref = ref;
  entries_.emplace(key, entry);
  return entry;
}

bool CredentialCache::IsCurrent(const std::string& key,
                                const EntryPtr& entry) const {
  const auto current = entries_.find(key);
  return current != entries_.end() && current->second == entry;
}

void CredentialCache::Act(const std::string& key, const EntryPtr& entry) {
  std::optional<life::Task> task;
  {
    const std::lock_guard lock(mutex_);
    entry->timer = 0;
    if (!IsCurrent(key, entry)) return;
    Happens(*entry, life::Passed{});
    task = life::TaskOf(entry->life, clock_.SteadyNow());
    if (task) Happens(*entry, life::Began{*task});
    Arm(key, entry);
    CountStates();
  }
  if (task) Do(key, entry, *task);
}

void CredentialCache::Do(const std::string& key, const EntryPtr& entry,
                         life::Task task) {
  task == life::Task::kRenew ? Renew(key, entry) : Read(key, entry);
}

void CredentialCache::Renew(const std::string& key, const EntryPtr& entry) {
  std::string lease_id;
  std::chrono::seconds increment{0};
  bool urgent = false;
  {
    const std::lock_guard lock(mutex_);
    urgent = IsUrgent(*entry);
    const auto* renewing = std::get_if<life::Renewing>(&entry->life);
    if (renewing == nullptr) return;
    lease_id = entry->lease_id;
    increment = std::chrono::duration_cast<std::chrono::seconds>(
        renewing->held.lifetime.ttl);
  }
  const SteadyTime asked = clock_.SteadyNow();
  const Result<vault::Prolonged> renewed =
      source_.renew(lease_id, increment, urgent);
  metrics_.CountLeaseRenewal(renewed ? std::nullopt
                                     : std::optional(renewed.error().code));
  std::optional<life::Task> next;
  {
    const std::lock_guard lock(mutex_);
    // Dropped meanwhile: Retain has seen to its lease.
    if (!IsCurrent(key, entry)) return;
    if (renewed) {
      Happens(*entry, life::Renewed{renewed->ttl, renewed->renewable, asked});
    } else {
      Happens(*entry, life::Failed{renewed.error()});
    }
    // Somebody asked for a read in the meantime; or the lease is done for.
    next = entry->waiting.empty()
               ? life::TaskOf(entry->life, clock_.SteadyNow())
               : life::Task::kRead;
    if (next) Happens(*entry, life::Began{*next});
    Arm(key, entry);
    CountStates();
  }
  if (next) Do(key, entry, *next);
}

void CredentialCache::Read(const std::string& key, const EntryPtr& entry) {
  const SteadyTime asked = clock_.SteadyNow();
  bool urgent = false;
  {
    const std::lock_guard lock(mutex_);
    urgent = IsUrgent(*entry);
  }
  Result<Obtained> read = source_.read(entry->ref, urgent);
  metrics_.CountRead(read ? std::nullopt : std::optional(read.error().code));
  std::vector<Done> waiting;
  FetchOutcome outcome = FetchOutcome::kFailed;
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(entry->waiting);
    waiting_ -= waiting.size();
    if (IsCurrent(key, entry)) {
      const bool had = entry->credential != nullptr;
      outcome = Settle(*entry, std::move(read), asked);
      gone = had && entry->credential == nullptr;
      Arm(key, entry);
      CountStates();
    } else if (read) {
      // Dropped while it was read: nobody may have it any more.
      revoker_.Revoke(std::move(read->lease_id), asked + kUnknownEnd);
    }
  }
  if (gone || outcome == FetchOutcome::kRotated) on_change_(key, gone);
  for (const Done& done : waiting) done(outcome);
}

FetchOutcome CredentialCache::Settle(Entry& entry, Result<Obtained> read,
                                     SteadyTime asked) {
  if (read) return Adopt(entry, std::move(*read), asked);
  Happens(entry, life::Failed{std::move(read.error())});
  // Only Vault's word about this path takes away what it gave; what has
  // merely come to its end is not told as gone.
  const bool absent = std::holds_alternative<life::Absent>(entry.life);
  if (absent) Drop(entry);
  return FetchOutcome::kFailed;
}

FetchOutcome CredentialCache::Adopt(Entry& entry, Obtained obtained,
                                    SteadyTime asked) {
  const bool of_login = obtained.lifetime.of_login;
  Happens(entry, life::Read{obtained.lifetime, asked});
  if (of_login) Happens(entry, life::LoginEnds{login_.ends, false, false});
  if (!std::holds_alternative<life::Fresh>(entry.life)) {
    revoker_.Revoke(std::move(obtained.lease_id), asked + kUnknownEnd);
    return FetchOutcome::kFailed;
  }
  // The lease before lives on for those who still use it, and ends by itself.
  if (std::exchange(entry.distrusted, false)) {
    revoker_.Revoke(std::move(entry.lease_id), asked + kUnknownEnd);
  }
  entry.lease_id = std::move(obtained.lease_id);
  entry.login = login_.serial;
  const bool had = entry.credential != nullptr;
  if (had && SameFields(*entry.credential, obtained.credential)) {
    return FetchOutcome::kUnchanged;
  }
  entry.credential =
      std::make_shared<const Credential>(std::move(obtained.credential));
  return had ? FetchOutcome::kRotated : FetchOutcome::kNew;
}

void CredentialCache::Drop(Entry& entry) {
  const SteadyTime now = clock_.SteadyNow();
  const life::Held* held = life::HeldAt(entry.life, now);
  const auto end = held == nullptr ? std::nullopt : life::EndOf(*held);
  revoker_.Revoke(std::exchange(entry.lease_id, {}),
                  end ? std::min(*end, now + kUnknownEnd) : now + kUnknownEnd);
  entry.credential.reset();
  entry.distrusted = false;
}

void CredentialCache::Arm(const std::string& key, const EntryPtr& entry) {
  worker_.Cancel(entry->timer);
  entry->timer = 0;
  const auto when = life::ActAt(entry->life);
  if (!when) return;
  entry->timer = worker_.At(*when, [this, key, entry] { Act(key, entry); });
}

void CredentialCache::Forget(const model::VaultRef& ref) {
  EntryPtr gone;  // wiped outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(CredentialKey(ref));
  // What is being read for somebody is new when it comes.
  if (found == entries_.end() || life::IsBusy(found->second->life)) return;
  gone = std::move(found->second);
  entries_.erase(found);
  worker_.Cancel(gone->timer);
  Drop(*gone);
  CountStates();
}

std::vector<std::string> CredentialCache::Retain(
    const std::set<std::string>& keys) {
  std::vector<std::string> dropped;
  std::vector<EntryPtr> gone;  // wiped outside the lock
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (keys.contains(it->first)) {
      ++it;
      continue;
    }
    if (it->second->credential != nullptr) dropped.push_back(it->first);
    worker_.Cancel(it->second->timer);
    Drop(*it->second);
    gone.push_back(std::move(it->second));
    it = entries_.erase(it);
  }
  CountStates();
  return dropped;
}

void CredentialCache::RevokeHeld() {
  std::vector<std::string> leases;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : entries_) {
      if (!entry->lease_id.empty()) leases.push_back(entry->lease_id);
    }
  }
  for (const std::string& lease : leases) {
    if (!source_.revoke(lease)) return;
  }
}

void CredentialCache::OnLogin(const LoginSpan& login) {
  const std::lock_guard lock(mutex_);
  const LoginSpan before = std::exchange(login_, login);
  for (auto& [key, entry] : entries_) {
    if (entry->login != before.serial) continue;
    const bool same = login.serial == before.serial;
    Happens(*entry,
            same ? life::LoginEnds{login.ends, false, false}
                 : life::LoginEnds{before.ends, true, login.former_dead});
    Arm(key, entry);
  }
}

void CredentialCache::CountStates() const {
  size_t fresh = 0;
  size_t stale = 0;
  for (const auto& [key, entry] : entries_) {
    if (life::HeldAt(entry->life, clock_.SteadyNow()) == nullptr) continue;
    if (entry->credential->fields.empty()) continue;  // known to be nothing
    life::TroubleOf(entry->life) != nullptr ? ++stale : ++fresh;
  }
  metrics_.SetCredentials(fresh, stale);
}

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/credentials/cache.h"

#include <algorithm>
#include <utility>

#include "base/backoff.h"

namespace claviger::sidecar {
namespace {

using std::chrono::milliseconds;

constexpr BackoffPolicy kRetryBackoff{milliseconds(1'000),
                                      milliseconds(30'000)};
// An error answers for this long at least: an application that asks in a loop
// must not become a loop at Vault.
constexpr milliseconds kLeastPause{1'000};

}  // namespace

std::string CredentialKey(const model::VaultRef& ref) {
  std::string key = model::ApiPath(ref);
  if (ref.version) key += "?version=" + std::to_string(*ref.version);
  return key;
}

CredentialCache::CredentialCache(const Settings& settings, Worker& worker,
                                 const Clock& clock, Random& random,
                                 Metrics& metrics, Reader reader,
                                 Listener on_change)
    : settings_(settings),
      worker_(worker),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      reader_(std::move(reader)),
      on_change_(std::move(on_change)) {}

bool CredentialCache::Expired(const Credential& credential) const {
  return credential.expires_at && clock_.Now() >= *credential.expires_at;
}

Known CredentialCache::Find(const model::VaultRef& ref) const {
  const std::string key = CredentialKey(ref);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return {};
  const Entry& entry = *found->second;
  Known known;
  if (entry.error && clock_.SteadyNow() < entry.retry_at) {
    known.error = entry.error;
  }
  if (entry.credential == nullptr) return known;
  if (Expired(*entry.credential)) {
    known.state = CredentialState::kExpired;
    return known;
  }
  known.credential = entry.credential;
  known.state = entry.error     ? CredentialState::kStale
                : entry.reading ? CredentialState::kRenewing
                                : CredentialState::kFresh;
  return known;
}

bool CredentialCache::Fetch(const model::VaultRef& ref, Done done) {
  const std::string key = CredentialKey(ref);
  const std::lock_guard lock(mutex_);
  if (waiting_ >= settings_.max_waiting) return false;
  const EntryPtr entry = Obtain(key, ref);
  if (entry == nullptr || !StartReading(key, entry)) return false;
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

bool CredentialCache::StartReading(const std::string& key,
                                   const EntryPtr& entry) {
  if (entry->reading) return true;
  entry->reading = worker_.Post([this, key, entry] { Read(key, entry); });
  return entry->reading;
}

void CredentialCache::Read(const std::string& key, const EntryPtr& entry) {
  Result<Credential> read = reader_(entry->ref);
  metrics_.CountRead(read ? std::nullopt : std::optional(read.error().code));
  std::vector<Done> waiting;
  FetchOutcome outcome = FetchOutcome::kFailed;
  bool gone = false;
  {
    const std::lock_guard lock(mutex_);
    entry->reading = false;
    waiting.swap(entry->waiting);
    waiting_ -= waiting.size();
    const auto current = entries_.find(key);
    // Dropped while it was read: nobody may have it any more.
    if (current != entries_.end() && current->second == entry) {
      const bool had = entry->credential != nullptr;
      outcome = Settle(*entry, std::move(read));
      gone = had && entry->credential == nullptr;
      ArmRefresh(key, entry);
      CountStates();
    }
  }
  if (gone || outcome == FetchOutcome::kRotated) on_change_(key, gone);
  for (const Done& done : waiting) done(outcome);
}

FetchOutcome CredentialCache::Settle(Entry& entry, Result<Credential> read) {
  if (!read) {
    SettleFailure(entry, std::move(read.error()));
    return FetchOutcome::kFailed;
  }
  entry.error.reset();
  entry.failures = 0;
  const bool had = entry.credential != nullptr;
  if (had && SameFields(*entry.credential, *read) &&
      entry.credential->expires_at == read->expires_at) {
    return FetchOutcome::kUnchanged;
  }
  entry.credential = std::make_shared<const Credential>(std::move(*read));
  return had ? FetchOutcome::kRotated : FetchOutcome::kNew;
}

void CredentialCache::SettleFailure(Entry& entry, Error error) {
  // Only Vault's word about this path takes away what it gave; no answer, or
  // none that makes sense, leaves it served until its own end.
  const bool gone = error.code == ErrorCode::kNotFound ||
                    error.code == ErrorCode::kPermissionDenied ||
                    error.code == ErrorCode::kInvalidArgument;
  if (gone) entry.credential.reset();
  entry.retry_at =
      clock_.SteadyNow() + kLeastPause +
      BackoffDelay(kRetryBackoff, entry.failures++,
                   error.retry_after.value_or(milliseconds(0)), random_);
  entry.error = std::move(error);
}

void CredentialCache::ArmRefresh(const std::string& key,
                                 const EntryPtr& entry) {
  worker_.Cancel(entry->timer);
  entry->timer = 0;
  // A path that has nothing is read again when somebody asks.
  if (entry->credential == nullptr) return;
  const double spread = 0.8 + 0.4 * random_.Unit();
  const SteadyTime when =
      entry->error
          ? entry->retry_at
          : clock_.SteadyNow() +
                milliseconds(static_cast<int64_t>(
                    spread * static_cast<double>(settings_.refresh.count())));
  entry->timer = worker_.At(when, [this, key, entry] {
    {
      const std::lock_guard lock(mutex_);
      if (entry->reading) return;
      entry->reading = true;
    }
    Read(key, entry);
  });
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
    gone.push_back(std::move(it->second));
    it = entries_.erase(it);
  }
  CountStates();
  return dropped;
}

void CredentialCache::CountStates() const {
  size_t fresh = 0;
  size_t stale = 0;
  for (const auto& [key, entry] : entries_) {
    if (entry->credential == nullptr) continue;
    entry->error ? ++stale : ++fresh;
  }
  metrics_.SetCredentials(fresh, stale);
}

}  // namespace claviger::sidecar

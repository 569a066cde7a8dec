// SPDX-License-Identifier: Apache-2.0
//
// The credentials at hand, one per Vault path: fetched once however many ask
// (single-flight), compared with Vault's from time to time, kept while Vault is
// away for as long as they are valid, and dropped when Vault or the bindings
// say so. What it knows about a path is one of
//
//   Absent ----fetch----> Fresh <---> Renewing (being compared with Vault's)
//                           |  ^________|
//            Vault is away  v           | gone, refused: Absent, with the error
//                         Stale --------+
//                           | its own end
//                           v
//                        Expired
//
// Find, Fetch and Retain are thread-safe; Vault is read on the worker thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/vault_ref.h"
#include "sidecar/credentials/engine_reader.h"
#include "sidecar/metrics.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

enum class CredentialState { kAbsent, kFresh, kRenewing, kStale, kExpired };

/// What is known about one path now.
struct Known {
  CredentialState state = CredentialState::kAbsent;
  /// Set where it may be served: Fresh, Renewing and Stale.
  std::shared_ptr<const Credential> credential;
  /// Why it is Stale, or why there is none; not yet worth another try.
  std::optional<Error> error;
};

/// How a fetch ended.
enum class FetchOutcome { kNew, kRotated, kUnchanged, kFailed };

/// The path below /v1/, and the version where one is pinned: what one read of
/// Vault gives, and so what the cache goes by. Not secret.
std::string CredentialKey(const model::VaultRef& ref);

class CredentialCache {
 public:
  /// Reads from Vault; called on the worker thread.
  using Reader = std::function<Result<Credential>(const model::VaultRef&)>;
  /// Called on the worker thread when a fetch ended.
  using Done = std::function<void(FetchOutcome)>;
  /// Called on the worker thread when a cached credential was replaced by
  /// another one in Vault, or is not to be had there any more (`gone`).
  using Listener = std::function<void(const std::string& key, bool gone)>;

  struct Settings {
    std::chrono::milliseconds refresh{60'000};
    size_t max_entries = 2'048;
    size_t max_waiting = 1'024;
  };

  /// All references outlive the cache.
  CredentialCache(const Settings& settings, Worker& worker, const Clock& clock,
                  Random& random, Metrics& metrics, Reader reader,
                  Listener on_change);

  Known Find(const model::VaultRef& ref) const;

  /// Reads the path from Vault, or joins the read under way, then calls
  /// `done`. False, and `done` dropped, where too much is waiting already.
  bool Fetch(const model::VaultRef& ref, Done done);

  /// Drops everything but `keys`: the paths that the caller could still be
  /// given. What is being fetched for others is dropped when it comes. The
  /// keys that held a credential.
  std::vector<std::string> Retain(const std::set<std::string>& keys);

 private:
  struct Entry {
    model::VaultRef ref;
    std::shared_ptr<const Credential> credential;
    std::optional<Error> error;  // of the last read, if that failed
    SteadyTime retry_at;         // no read for a request before, after an error
    int failures = 0;
    bool reading = false;
    Worker::TimerId timer = 0;  // the next comparison
    std::vector<Done> waiting;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  bool Expired(const Credential& credential) const;
  void Read(const std::string& key, const EntryPtr& entry);
  // The rest needs mutex_.
  EntryPtr Obtain(const std::string& key, const model::VaultRef& ref);
  bool StartReading(const std::string& key, const EntryPtr& entry);
  FetchOutcome Settle(Entry& entry, Result<Credential> read);
  void SettleFailure(Entry& entry, Error error);
  void ArmRefresh(const std::string& key, const EntryPtr& entry);
  void CountStates() const;

  const Settings settings_;
  Worker& worker_;
  const Clock& clock_;
  Random& random_;
  Metrics& metrics_;
  const Reader reader_;
  const Listener on_change_;

  mutable std::mutex mutex_;
  std::map<std::string, EntryPtr> entries_;
  size_t waiting_ = 0;
};

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// The credentials at hand, one per Vault path: fetched once however many ask
// (single-flight), renewed, replaced and compared as their lives ask for
// (life_cycle.h has the rules and the diagram), and dropped, their leases
// revoked, when Vault or the bindings say so.
// Find, Fetch, Replace and Retain are thread-safe; Vault is asked on the worker
// thread only.
#pragma once

#include <cstdint>
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
#include "sidecar/credentials/life_cycle.h"
#include "sidecar/credentials/revoker.h"
#include "sidecar/credentials/shown_end.h"
#include "sidecar/engines/engine.h"
#include "sidecar/metrics.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

/// What is known about one path now.
struct Known {
  /// Null: nothing may be served.
  std::shared_ptr<const Credential> credential;
  /// The credential's own end, or its login's.
  std::optional<Time> expires_at;
  /// Vault could not be asked when that was last tried.
  bool stale = false;
  /// For how long it could not; zero where it is not stale.
  std::chrono::milliseconds unconfirmed{0};
  /// Why it is stale, or why there is none; not yet worth another try.
  std::optional<Error> error;
};

/// How a fetch ended.
enum class FetchOutcome { kNew, kRotated, kUnchanged, kFailed };

/// The path below /v1/, and the version where one is pinned: what one read of
/// Vault gives, and so what the cache goes by. Not secret.
std::string CredentialKey(const model::VaultRef& ref);

/// What the cache asks of Vault; called on the worker thread. `urgent`: one
/// that is served is about to end, so that it is worth asking a Vault that is
/// left alone for having failed.
struct CredentialSource {
  std::function<Result<Obtained>(const model::VaultRef&, bool urgent)> read;
  std::function<Result<vault::Prolonged>(
      const std::string& lease_id, std::chrono::seconds increment, bool urgent)>
      renew;
  std::function<Status(const std::string& lease_id)> revoke;
};

/// The login whose token is used: which one, and until when it lives.
struct LoginSpan {
  uint64_t serial = 0;
  SteadyTime ends;
  /// The one before was found dead, and with it, most likely, its leases.
  bool former_dead = false;
};

class CredentialCache {
 public:
  /// Called on the worker thread when a fetch ended.
  using Done = std::function<void(FetchOutcome)>;
  /// Called on the worker thread when a cached credential was replaced by
  /// another one in Vault, or is not to be had there any more (`gone`).
  using Listener = std::function<void(const std::string& key, bool gone)>;

  struct Settings {
    life::Pace pace;
    size_t max_entries = 2'048;
    size_t max_waiting = 1'024;
  };

  /// All references outlive the cache.
  CredentialCache(const Settings& settings, Worker& worker, const Clock& clock,
                  Random& random, Metrics& metrics, CredentialSource source,
                  Listener on_change);

  Known Find(const model::VaultRef& ref);

  /// Reads the path from Vault, or joins the read under way, then calls
  /// `done`. False, and `done` dropped, where too much is waiting already.
  bool Fetch(const model::VaultRef& ref, Done done);

  /// The same because the present credential was found not to work: where
  /// another one comes, the lease of this one is revoked.
  bool Replace(const model::VaultRef& ref, Done done);

  /// Drops what is known of one path, because it is known to be outdated.
  void Forget(const model::VaultRef& ref);

  /// Drops everything but `keys`: the paths that the caller could still be
  /// given. What is being fetched for others is dropped when it comes. The
  /// keys that held a credential.
  std::vector<std::string> Retain(const std::set<std::string>& keys);

  /// The pod's login was made, prolonged or replaced: leases end with theirs.
  /// Worker thread.
  void OnLogin(const LoginSpan& login);

  /// Revokes the leases that are held, until Vault fails once. At the end,
  /// after the worker has stopped; blocks.
  void RevokeHeld();

 private:
  struct Entry {
    model::VaultRef ref;
    life::Life life;
    std::shared_ptr<const Credential> credential;  // while life holds one
    std::string lease_id;
    uint64_t login = 0;  // under which it was read
    ShownEnd shown_end;
    bool distrusted = false;    // reported not to work
    Worker::TimerId timer = 0;  // life::ActAt
    std::vector<Done> waiting;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  bool Ask(const model::VaultRef& ref, bool distrust, Done done);
  // Worker thread.
  void Act(const std::string& key, const EntryPtr& entry);
  void Do(const std::string& key, const EntryPtr& entry, life::Task task);
  void Read(const std::string& key, const EntryPtr& entry);
  void Renew(const std::string& key, const EntryPtr& entry);
  // The rest needs mutex_.
  EntryPtr Obtain(const std::string& key, const model::VaultRef& ref);
  bool IsCurrent(const std::string& key, const EntryPtr& entry) const;
  void Happens(Entry& entry, const life::Event& event);
  bool IsUrgent(const Entry& entry) const;
  FetchOutcome Settle(Entry& entry, Result<Obtained> read, SteadyTime asked);
  FetchOutcome Adopt(Entry& entry, Obtained obtained, SteadyTime asked);
  void Drop(Entry& entry);
  void Arm(const std::string& key, const EntryPtr& entry);
  void CountStates() const;

  const Settings settings_;
  Worker& worker_;
  const Clock& clock_;
  Random& random_;
  Metrics& metrics_;
  const CredentialSource source_;
  const Listener on_change_;
  Revoker revoker_;

  mutable std::mutex mutex_;
  std::map<std::string, EntryPtr> entries_;
  size_t waiting_ = 0;
  LoginSpan login_;
};

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// What the API server said last: every Connection, Grant and Group as a typed
// value with the metadata that the operator acts on, the service accounts of
// pods that ask for injection, and the uids of all. Fed by informers, read by
// the reconciler, the webhook and the status writer. Thread-safe; nothing
// blocks for long.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/objects.h"
#include "operator/kube/news_queue.h"
#include "operator/kube/object_id.h"
#include "operator/kube/object_status.h"

namespace claviger::op {

/// An object's metadata, and what its status says.
struct SeenObject {
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;
  bool has_finalizer = false;  // ours
  std::vector<std::string> other_finalizers;
  bool is_ending = false;  // deletionTimestamp is set
  ObjectStatus status;
};

class ObjectStore {
 public:
  /// What a complete list was received of.
  enum class Part { kConnections, kGrants, kGroups, kPods, kAccounts };
  static constexpr size_t kParts = 5;

  /// An object with what is needed of it.
  struct Stored {
    SeenObject seen;
    /// One of these is set; shared with whoever reads it. `broken`: what could
    /// be decoded of it, with the reasons why not all.
    std::shared_ptr<const model::Connection> connection;
    std::shared_ptr<const model::Grant> grant;
    std::shared_ptr<const model::Group> group;
    std::shared_ptr<const model::Objects> broken;
  };
  /// What counts for what is compiled and is new since it was last asked for.
  struct News {
    std::set<ObjectId> objects;
    bool accounts = false;  // of labelled pods
    /// Which uid is another one now; empty: the account is gone.
    std::map<model::ObjectRef, std::string> account_uids;
    bool again = false;  // everything is to be looked at
  };
  using Visitor = std::function<void(const ObjectId&, const Stored&)>;

  /// `changed` is called, on the calling thread, after each change that counts
  /// for what is compiled: not for a status or another's annotation.
  /// `list_anew` is called where an object is found to be missing: see
  /// RemoveMissing.
  explicit ObjectStore(std::function<void()> changed = nullptr,
                       std::function<void()> list_anew = nullptr);

  /// Takes an object as the API server sent it. kMalformed where it has no
  /// name or uid; it is then as if nothing had been sent.
  Status Put(ObjectKind kind, std::string_view json);
  /// Takes the answer to a write of our own, unless what is stored is no longer
  /// `before`: then its events are newer, or it is gone and must not come back.
  Status PutOver(ObjectKind kind, std::string_view json,
                 const SeenObject& before);
  /// It is gone; an object of that name with another uid stays.
  void Remove(const ObjectId& id, const std::string& uid);

  /// A list does not hold it any more. If its deletion was not seen, it stays
  /// until each kind was listed once more from here on; then all that is still
  /// missing goes at once. A wiped cluster shows kind by kind and object by
  /// object, and must not look like a few that are gone.
  void RemoveMissing(const ObjectId& id, const std::string& uid);

  /// A labelled pod runs as that service account.
  void PutPod(const model::ObjectRef& pod, std::string service_account);
  void RemovePod(const model::ObjectRef& pod);

  /// A service account exists, or its deletion was seen: another uid's changes
  /// nothing.
  void PutAccount(const model::ObjectRef& account, const std::string& uid);
  void RemoveAccount(const model::ObjectRef& account, const std::string& uid);
  /// Those whose deletion was seen, or who have a successor, each told once.
  std::vector<model::Ended> TakeEndedAccounts();

  /// A list of it is complete.
  void SetSynced(Part part);
  bool synced() const;

  /// Grows with each change that counts for what is compiled.
  uint64_t generation() const;
  /// Whether there are any: from any thread. The others are one reader's.
  bool HasNews() const;
  /// All of them.
  News TakeNews();
  /// A piece of them (news_queue.h); the rest stays.
  News TakeSomeNews();
  /// Of these: they are about to be read.
  void DropNews(const std::vector<ObjectId>& ids);
  /// These count as new once more.
  void Renew(const std::vector<ObjectId>& ids);
  /// Everything counts as new once more.
  void LookAgain();

  /// Calls `visit` for every object, sorted by kind and name, under the lock:
  /// it must neither block nor call this object.
  void ForEach(const Visitor& visit) const;
  std::optional<SeenObject> Find(const ObjectId& id) const;
  std::optional<Stored> Look(const ObjectId& id) const;
  /// The service accounts of labelled pods, each once, sorted.
  std::vector<model::ObjectRef> ServiceAccounts() const;
  std::map<model::ObjectRef, std::string> AccountUids() const;

 private:
  Status Take(ObjectKind kind, std::string_view json, const SeenObject* before);
  // Under mutex_.
  void EndAccount(const model::ObjectRef& account, const std::string& uid);
  void CountAccount(const model::ObjectRef& account, int by);
  bool IsStill(const ObjectId& id, const SeenObject& before) const;
  bool RemoveAllMissing();
  News TakeRest();
  void Changed();

  const std::function<void()> changed_;
  const std::function<void()> list_anew_;
  mutable std::mutex mutex_;
  std::map<ObjectId, Stored> objects_;
  std::map<model::ObjectRef, std::string> pods_;
  std::map<model::ObjectRef, int> accounts_;  // how many pods run as it
  std::map<model::ObjectRef, std::string> account_uids_;
  NewsQueue fresh_;
  std::map<model::ObjectRef, std::string> fresh_uids_;
  std::vector<model::Ended> ended_accounts_;
  bool accounts_changed_ = false;
  bool again_ = false;
  std::array<bool, kParts> synced_{};
  std::map<ObjectId, std::string> missing_;  // their uids
  std::array<bool, kParts> listed_since_{};  // the first of these was missed
  uint64_t generation_ = 0;
};

}  // namespace claviger::op

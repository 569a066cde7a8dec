// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/object_store.h"

#include <algorithm>
#include <utility>

#include "model/api_object.h"
#include "model/json_reader.h"

namespace claviger::op {
namespace {

using model::Node;
using Stored = ObjectStore::Stored;

// etcd takes 1.5 MiB; what is larger than the schema allows is not ours.
constexpr size_t kMaxEndedAccounts = 10'000;
constexpr JsonLimits kLimits = {size_t{2} << 20U, 64, 100'000};

void ReadFinalizers(const Node& metadata, SeenObject& out) {
  const Node* list = metadata.Find("finalizers");
  if (list == nullptr || list->kind != Node::Kind::kSequence) return;
  for (const Node& one : list->children) {
    if (!one.quoted) continue;
    if (one.text == model::kFinalizer) {
      out.has_finalizer = true;
    } else {
      out.other_finalizers.push_back(one.text);
    }
  }
}

Result<ObjectId> ReadMetadata(ObjectKind kind, const Node& object,
                              SeenObject& out) {
  const Node* metadata = object.Find("metadata");
  if (metadata == nullptr || metadata->kind != Node::Kind::kMap) {
    return Fail(ErrorCode::kMalformed, "object without metadata");
  }
  ObjectId id{kind,
              {TextAt(*metadata, "namespace"), TextAt(*metadata, "name")}};
  out.uid = TextAt(*metadata, "uid");
  out.resource_version = TextAt(*metadata, "resourceVersion");
  if (id.ref.name.empty() || out.uid.empty()) {
    return Fail(ErrorCode::kMalformed, "object without name or uid");
  }
  const Node* generation = metadata->Find("generation");
  if (generation != nullptr) {
    out.generation = model::IntegerOf(*generation).value_or(0);
  }
  out.is_ending = metadata->Find("deletionTimestamp") != nullptr;
  ReadFinalizers(*metadata, out);
  return id;
}

template <typename T>
std::shared_ptr<const T> Only(std::vector<T>& from) {
  if (from.size() != 1) return nullptr;
  return std::make_shared<const T>(std::move(from.front()));
}

void TakeValue(ObjectKind kind, model::Objects decoded, Stored& out) {
  switch (kind) {
    case ObjectKind::kConnection:
      out.connection = Only(decoded.connections);
      break;
    case ObjectKind::kGrant:
      out.grant = Only(decoded.grants);
      break;
    case ObjectKind::kGroup:
      out.group = Only(decoded.groups);
      break;
  }
  if (out.connection || out.grant || out.group) return;
  out.broken = std::make_shared<const model::Objects>(std::move(decoded));
}

const std::optional<model::Stamp>& StampOf(const Stored& stored) {
  static const std::optional<model::Stamp> kNone;
  return stored.grant ? stored.grant->stamp : kNone;
}

// Whether the difference counts for what is compiled. The generation counts
// changes of the spec; stamps are annotations; what was deleted before is told
// to the webhooks by its status.
bool Matters(const Stored& before, const Stored& after) {
  return before.seen.uid != after.seen.uid ||
         before.seen.generation != after.seen.generation ||
         before.seen.has_finalizer != after.seen.has_finalizer ||
         before.seen.is_ending != after.seen.is_ending ||
         before.seen.status.SaysRestored() !=
             after.seen.status.SaysRestored() ||
         StampOf(before) != StampOf(after);
}

// See NewsQueue::Order. A Deny that goes gives, too; what else changes may take
// away, and does not wait any longer for having changed twice.
NewsQueue::Order OrderOf(const Stored& stored) {
  if (!stored.grant) return NewsQueue::Order::kKeep;
  const bool allows = stored.grant->effect == model::Effect::kAllow;
  return allows != stored.seen.is_ending ? NewsQueue::Order::kLast
                                         : NewsQueue::Order::kKeep;
}

}  // namespace

ObjectStore::ObjectStore(std::function<void()> changed,
                         std::function<void()> list_anew)
    : changed_(std::move(changed)), list_anew_(std::move(list_anew)) {}

void ObjectStore::Changed() {
  if (changed_) changed_();
}

Status ObjectStore::Put(ObjectKind kind, std::string_view json) {
  return Take(kind, json, nullptr);
}

Status ObjectStore::PutOver(ObjectKind kind, std::string_view json,
                            const SeenObject& before) {
  return Take(kind, json, &before);
}

Status ObjectStore::Take(ObjectKind kind, std::string_view text,
                         const SeenObject* before) {
  const Result<Node> root = model::ReadApiJson(text, kLimits);
  if (!root) return Fail(root.error(), "object of the API server");
  Stored stored;
  const Result<ObjectId> id = ReadMetadata(kind, *root, stored.seen);
  if (!id) return Fail(id.error());
  stored.seen.status = ReadStatus(*root);
  TakeValue(kind, model::DecodeApiObject(text, *root), stored);
  bool matters = true;
  {
    const std::lock_guard lock(mutex_);
    if (before != nullptr && !IsStill(*id, *before)) return {};
    missing_.erase(*id);
    const auto [place, is_new] = objects_.try_emplace(*id);
    matters = is_new || Matters(place->second, stored);
    place->second = std::move(stored);
    if (matters) {
      ++generation_;
      fresh_.Add(*id, OrderOf(place->second));
    }
  }
  if (matters) Changed();
  return {};
}

bool ObjectStore::IsStill(const ObjectId& id, const SeenObject& before) const {
  const auto found = objects_.find(id);
  return found != objects_.end() && found->second.seen.uid == before.uid &&
         found->second.seen.resource_version == before.resource_version;
}

void ObjectStore::Remove(const ObjectId& id, const std::string& uid) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(id);
    if (found == objects_.end()) return;
    if (!uid.empty() && found->second.seen.uid != uid) return;
    objects_.erase(found);
    missing_.erase(id);
    fresh_.Add(id);
    ++generation_;
  }
  Changed();
}

void ObjectStore::RemoveMissing(const ObjectId& id, const std::string& uid) {
  const std::optional<SeenObject> seen = Find(id);
  if (!seen || seen->uid != uid) return;
  // Its deletion was seen, and its end was not.
  if (seen->is_ending) return Remove(id, uid);
  {
    const std::lock_guard lock(mutex_);
    const bool is_first = missing_.empty();
    missing_.insert_or_assign(id, uid);
    if (!is_first) return;
    listed_since_.fill(false);
  }
  if (list_anew_) list_anew_();
}

// True if that changed anything.
bool ObjectStore::RemoveAllMissing() {
  for (const Part part : {Part::kConnections, Part::kGrants, Part::kGroups}) {
    if (!listed_since_[static_cast<size_t>(part)]) return false;
  }
  const bool any = !missing_.empty();
  for (const auto& [id, uid] : missing_) {
    objects_.erase(id);
    fresh_.Add(id);
  }
  missing_.clear();
  return any;
}

void ObjectStore::CountAccount(const model::ObjectRef& account, int by) {
  const auto at = accounts_.try_emplace(account, 0).first;
  const bool was = at->second > 0;
  at->second += by;
  const bool is = at->second > 0;
  if (!is) accounts_.erase(at);
  if (was == is) return;
  accounts_changed_ = true;
  ++generation_;
}

// Of a service account's second pod nothing has to be compiled anew.
void ObjectStore::PutPod(const model::ObjectRef& pod,
                         std::string service_account) {
  bool matters = false;
  {
    const std::lock_guard lock(mutex_);
    const uint64_t before = generation_;
    std::string& known = pods_[pod];
    if (known == service_account) return;
    if (!known.empty()) CountAccount({pod.ns, known}, -1);
    CountAccount({pod.ns, service_account}, 1);
    known = std::move(service_account);
    matters = generation_ != before;
  }
  if (matters) Changed();
}

void ObjectStore::RemovePod(const model::ObjectRef& pod) {
  bool matters = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pods_.find(pod);
    if (found == pods_.end()) return;
    const uint64_t before = generation_;
    CountAccount({pod.ns, found->second}, -1);
    pods_.erase(found);
    matters = generation_ != before;
  }
  if (matters) Changed();
}

void ObjectStore::PutAccount(const model::ObjectRef& account,
                             const std::string& uid) {
  {
    const std::lock_guard lock(mutex_);
    std::string& known = account_uids_[account];
    if (known == uid) return;
    if (!known.empty()) EndAccount(account, known);
    known = uid;
    fresh_uids_[account] = uid;
    ++generation_;
  }
  Changed();
}

void ObjectStore::RemoveAccount(const model::ObjectRef& account,
                                const std::string& uid) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = account_uids_.find(account);
    if (found == account_uids_.end() || found->second != uid) return;
    EndAccount(account, uid);
    account_uids_.erase(found);
    fresh_uids_[account].clear();
    ++generation_;
  }
  Changed();
}

void ObjectStore::EndAccount(const model::ObjectRef& account,
                             const std::string& uid) {
  // Of those beyond, what they stored stays where nobody can read it.
  if (ended_accounts_.size() >= kMaxEndedAccounts) return;
  ended_accounts_.push_back({"ServiceAccount", account, uid, 0});
}

std::vector<model::Ended> ObjectStore::TakeEndedAccounts() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ended_accounts_, {});
}

void ObjectStore::SetSynced(Part part) {
  {
    const std::lock_guard lock(mutex_);
    bool& synced = synced_[static_cast<size_t>(part)];
    listed_since_[static_cast<size_t>(part)] = true;
    const bool removed = RemoveAllMissing();
    if (synced && !removed) return;
    synced = true;
    again_ = true;
    ++generation_;
  }
  Changed();
}

bool ObjectStore::synced() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(synced_.begin(), synced_.end(),
                     [](bool one) { return one; });
}

uint64_t ObjectStore::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

bool ObjectStore::HasNews() const {
  const std::lock_guard lock(mutex_);
  return !fresh_.empty() || !fresh_uids_.empty() || !ended_accounts_.empty() ||
         accounts_changed_ || again_;
}

ObjectStore::News ObjectStore::TakeRest() {
  News news;
  news.accounts = std::exchange(accounts_changed_, false);
  news.account_uids = std::exchange(fresh_uids_, {});
  news.again = std::exchange(again_, false);
  return news;
}

ObjectStore::News ObjectStore::TakeNews() {
  const std::lock_guard lock(mutex_);
  News news = TakeRest();
  news.objects = fresh_.TakeAll();
  return news;
}

ObjectStore::News ObjectStore::TakeSomeNews() {
  const std::lock_guard lock(mutex_);
  News news = TakeRest();
  news.objects = fresh_.Take();
  return news;
}

void ObjectStore::DropNews(const std::vector<ObjectId>& ids) {
  const std::lock_guard lock(mutex_);
  for (const ObjectId& id : ids) fresh_.Drop(id);
}

void ObjectStore::Renew(const std::vector<ObjectId>& ids) {
  const std::lock_guard lock(mutex_);
  for (const ObjectId& id : ids) fresh_.Add(id);
}

void ObjectStore::LookAgain() {
  {
    const std::lock_guard lock(mutex_);
    again_ = true;
    ++generation_;
  }
  Changed();
}

std::optional<Stored> ObjectStore::Look(const ObjectId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(id);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

void ObjectStore::ForEach(const Visitor& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, stored] : objects_) visit(id, stored);
}

std::optional<SeenObject> ObjectStore::Find(const ObjectId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(id);
  if (found == objects_.end()) return std::nullopt;
  return found->second.seen;
}

std::map<model::ObjectRef, std::string> ObjectStore::AccountUids() const {
  const std::lock_guard lock(mutex_);
  return account_uids_;
}

std::vector<model::ObjectRef> ObjectStore::ServiceAccounts() const {
  std::vector<model::ObjectRef> accounts;
  const std::lock_guard lock(mutex_);
  for (const auto& [account, pods] : accounts_) accounts.push_back(account);
  return accounts;
}

}  // namespace claviger::op

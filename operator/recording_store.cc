// SPDX-License-Identifier: Apache-2.0
#include "operator/recording_store.h"

#include <utility>

#include "access/bindings_entry.h"

namespace claviger::op {
namespace {

std::string KeyOf(const RoleName& role) { return role.mount + "/" + role.name; }

bool IsBindings(const std::string& path) {
  return path.find("/bindings/") != std::string::npos;
}

// What is published, without the stamp and the digests around it.
std::string DocumentIn(const std::string& data) {
  const Result<access::BindingsEntry> entry = access::DecodeEntry(data);
  return entry ? entry->part : data;
}

template <typename T>
Result<T> Overlaid(const std::optional<T>& value, const std::string& name) {
  if (value) return *value;
  return Fail(ErrorCode::kNotFound, "read " + name + ": planned to be removed");
}

}  // namespace

Status RecordingStore::Record(Kind kind, const std::string& name,
                              Result<std::string> before,
                              std::optional<std::string> after) {
  if (!before && before.error().code != ErrorCode::kNotFound) {
    return Fail(std::move(before).error());
  }
  if (!before && !after) return {};
  PlannedChange change;
  change.kind = kind;
  change.name = name;
  change.action = !before  ? Action::kCreate
                  : !after ? Action::kDelete
                           : Action::kUpdate;
  change.before = before ? *std::move(before) : "";
  change.after = after ? *std::move(after) : "";
  if (change.before != change.after) changes_.push_back(std::move(change));
  return {};
}

Result<std::string> RecordingStore::ReadPolicy(const std::string& name) {
  const auto found = policies_.find(name);
  if (found != policies_.end()) return Overlaid(found->second, name);
  return base_.ReadPolicy(name);
}

Status RecordingStore::WritePolicy(const std::string& name,
                                   const std::string& text) {
  Status done = Record(Kind::kPolicy, name, ReadPolicy(name), text);
  if (done) policies_[name] = text;
  return done;
}

Status RecordingStore::DeletePolicy(const std::string& name) {
  Status done = Record(Kind::kPolicy, name, ReadPolicy(name), std::nullopt);
  if (done) policies_[name] = std::nullopt;
  return done;
}

Result<std::vector<std::string>> RecordingStore::ListPolicies() {
  return base_.ListPolicies();
}

Result<std::string> RecordingStore::ReadRole(const RoleName& role) {
  const auto found = roles_.find(KeyOf(role));
  if (found != roles_.end()) return Overlaid(found->second, role.name);
  return base_.ReadRole(role);
}

Status RecordingStore::WriteRole(const RoleName& role,
                                 const std::string& json) {
  Status done = Record(Kind::kRole, KeyOf(role), ReadRole(role), json);
  if (done) roles_[KeyOf(role)] = json;
  return done;
}

Status RecordingStore::DeleteRole(const RoleName& role) {
  Status done = Record(Kind::kRole, KeyOf(role), ReadRole(role), std::nullopt);
  if (done) roles_[KeyOf(role)] = std::nullopt;
  return done;
}

Result<std::vector<std::string>> RecordingStore::ListRoles(
    const std::string& mount) {
  return base_.ListRoles(mount);
}

Result<Entry> RecordingStore::ReadEntry(const std::string& path) {
  const auto found = entries_.find(path);
  if (found != entries_.end()) return Overlaid(found->second, path);
  return base_.ReadEntry(path);
}

Result<int64_t> RecordingStore::WriteEntry(const std::string& path,
                                           const std::string& data,
                                           int64_t cas) {
  if (IsBindings(path)) {
    Status done = Record(Kind::kBindings, path,
                         ReadEntry(path).map([](const Entry& entry) {
                           return DocumentIn(entry.data);
                         }),
                         DocumentIn(data));
    if (!done) return Fail(std::move(done).error());
  }
  entries_[path] = Entry{data, cas + 1};
  return cas + 1;
}

Status RecordingStore::RemoveEntry(const std::string& path) {
  if (IsBindings(path)) {
    Status done = Record(Kind::kBindings, path,
                         ReadEntry(path).map([](const Entry& entry) {
                           return DocumentIn(entry.data);
                         }),
                         std::nullopt);
    if (!done) return done;
  }
  entries_[path] = std::nullopt;
  return {};
}

Result<std::vector<std::string>> RecordingStore::ListEntries(
    const std::string& path) {
  return base_.ListEntries(path);
}

}  // namespace claviger::op

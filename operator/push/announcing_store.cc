// SPDX-License-Identifier: Apache-2.0
#include "operator/push/announcing_store.h"

#include "operator/vault_names.h"

namespace claviger::op::push {

AnnouncingStore::AnnouncingStore(Store& next, Hub& hub,
                                 std::string_view cluster)
    : next_(next), hub_(hub), folder_(BindingsFolder(cluster) + "/") {}

// "prod-eu/bindings/sa.reports.nightly/1" concerns sa.reports.nightly.
void AnnouncingStore::Announce(const std::string& path) {
  if (!path.starts_with(folder_)) return;
  const size_t end = path.find('/', folder_.size());
  hub_.Announce(path.substr(folder_.size(), end - folder_.size()));
}

Result<int64_t> AnnouncingStore::WriteEntry(const std::string& path,
                                            const std::string& data,
                                            int64_t cas) {
  Result<int64_t> written = next_.WriteEntry(path, data, cas);
  if (written) Announce(path);
  return written;
}

Status AnnouncingStore::RemoveEntry(const std::string& path) {
  Status removed = next_.RemoveEntry(path);
  if (removed) Announce(path);
  return removed;
}

Result<std::string> AnnouncingStore::ReadPolicy(const std::string& name) {
  return next_.ReadPolicy(name);
}

Status AnnouncingStore::WritePolicy(const std::string& name,
                                    const std::string& text) {
  return next_.WritePolicy(name, text);
}

Status AnnouncingStore::DeletePolicy(const std::string& name) {
  return next_.DeletePolicy(name);
}

Result<std::vector<std::string>> AnnouncingStore::ListPolicies() {
  return next_.ListPolicies();
}

Result<std::string> AnnouncingStore::ReadRole(const RoleName& role) {
  return next_.ReadRole(role);
}

Status AnnouncingStore::WriteRole(const RoleName& role,
                                  const std::string& json) {
  return next_.WriteRole(role, json);
}

Status AnnouncingStore::DeleteRole(const RoleName& role) {
  return next_.DeleteRole(role);
}

Result<std::vector<std::string>> AnnouncingStore::ListRoles(
    const std::string& mount) {
  return next_.ListRoles(mount);
}

Result<Entry> AnnouncingStore::ReadEntry(const std::string& path) {
  return next_.ReadEntry(path);
}

Result<std::vector<std::string>> AnnouncingStore::ListEntries(
    const std::string& path) {
  return next_.ListEntries(path);
}

}  // namespace claviger::op::push

// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/leader_store.h"

namespace claviger::op {

Status LeaderStore::Check() const {
  if (leads_()) return {};
  return Fail(ErrorCode::kUnavailable, "write to vault: not the leader");
}

Result<std::string> LeaderStore::ReadPolicy(const std::string& name) {
  return next_.ReadPolicy(name);
}

Status LeaderStore::WritePolicy(const std::string& name,
                                const std::string& text) {
  return Check().and_then([&] { return next_.WritePolicy(name, text); });
}

Status LeaderStore::DeletePolicy(const std::string& name) {
  return Check().and_then([&] { return next_.DeletePolicy(name); });
}

Result<std::vector<std::string>> LeaderStore::ListPolicies() {
  return next_.ListPolicies();
}

Result<std::string> LeaderStore::ReadRole(const RoleName& role) {
  return next_.ReadRole(role);
}

Status LeaderStore::WriteRole(const RoleName& role, const std::string& json) {
  return Check().and_then([&] { return next_.WriteRole(role, json); });
}

Status LeaderStore::DeleteRole(const RoleName& role) {
  return Check().and_then([&] { return next_.DeleteRole(role); });
}

Result<std::vector<std::string>> LeaderStore::ListRoles(
    const std::string& mount) {
  return next_.ListRoles(mount);
}

Result<Entry> LeaderStore::ReadEntry(const std::string& path) {
  return next_.ReadEntry(path);
}

Result<int64_t> LeaderStore::WriteEntry(const std::string& path,
                                        const std::string& data, int64_t cas) {
  const Status leads = Check();
  if (!leads) return Fail(leads.error());
  return next_.WriteEntry(path, data, cas);
}

Status LeaderStore::RemoveEntry(const std::string& path) {
  return Check().and_then([&] { return next_.RemoveEntry(path); });
}

Result<std::vector<std::string>> LeaderStore::ListEntries(
    const std::string& path) {
  return next_.ListEntries(path);
}

}  // namespace claviger::op

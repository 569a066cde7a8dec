// SPDX-License-Identifier: Apache-2.0
//
// A Store that tells a Hub of each bindings entry that was written or removed.
// Everything else goes through. Thread rule: the Store's.
#pragma once

#include <string>

#include "operator/push/hub.h"
#include "operator/store.h"

namespace claviger::op::push {

class AnnouncingStore final : public Store {
 public:
  /// References outlive this object.
  AnnouncingStore(Store& next, Hub& hub, std::string_view cluster);

  Result<std::string> ReadPolicy(const std::string& name) override;
  Status WritePolicy(const std::string& name, const std::string& text) override;
  Status DeletePolicy(const std::string& name) override;
  Result<std::vector<std::string>> ListPolicies() override;
  Result<std::string> ReadRole(const RoleName& role) override;
  Status WriteRole(const RoleName& role, const std::string& json) override;
  Status DeleteRole(const RoleName& role) override;
  Result<std::vector<std::string>> ListRoles(const std::string& mount) override;
  Result<Entry> ReadEntry(const std::string& path) override;
  Result<int64_t> WriteEntry(const std::string& path, const std::string& data,
                             int64_t cas) override;
  Status RemoveEntry(const std::string& path) override;
  Result<std::vector<std::string>> ListEntries(
      const std::string& path) override;

 private:
  void Announce(const std::string& path);

  Store& next_;
  Hub& hub_;
  const std::string folder_;  // "prod-eu/bindings/"
};

}  // namespace claviger::op::push

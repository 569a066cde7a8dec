// SPDX-License-Identifier: Apache-2.0
//
// A Store that writes only while this process leads: asked before each write,
// so that a leader that was paused finds out before it does harm. What a call
// under way may still do is fenced by Vault (takeover.h). Thread rule: the
// Store's.
#pragma once

#include <functional>
#include <utility>

#include "operator/store.h"

namespace claviger::op {

class LeaderStore final : public Store {
 public:
  /// `next` outlives this object.
  LeaderStore(Store& next, std::function<bool()> leads)
      : next_(next), leads_(std::move(leads)) {}

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
  Status Check() const;

  Store& next_;
  const std::function<bool()> leads_;
};

}  // namespace claviger::op

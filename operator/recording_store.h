// SPDX-License-Identifier: Apache-2.0
//
// A Store that reads through to another one and keeps its writes to itself:
// what was written is read back, and nothing reaches Vault. Used by one thread
// at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan.h"
#include "operator/store.h"

namespace claviger::op {

class RecordingStore final : public Store {
 public:
  /// `base` outlives this object.
  explicit RecordingStore(Store& base) : base_(base) {}

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

  /// The recorded writes, in order; the operator's bookkeeping left out.
  const std::vector<PlannedChange>& changes() const { return changes_; }

 private:
  // Absent: removed.
  using Texts = std::map<std::string, std::optional<std::string>>;

  Status Record(Kind kind, const std::string& name, Result<std::string> before,
                std::optional<std::string> after);

  Store& base_;
  Texts policies_;
  Texts roles_;  // by "mount/name"
  std::map<std::string, std::optional<Entry>> entries_;
  std::vector<PlannedChange> changes_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// What the reconciler reads and writes in Vault, as a port: policies, auth
// roles and the entries of our own KV mount. Decorated for planning (records,
// writes nothing) and for counting. Blocking. Used by one thread at a time, or
// by the several of ReconcilerSettings::writers where the implementation says
// so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace claviger::op {

/// One KV v2 entry: its fields as the JSON text of an object. No secret is in
/// any entry that the operator reads.
struct Entry {
  std::string data;
  int64_t version = 0;
};

/// A role is named by its auth mount and its name.
struct RoleName {
  std::string mount;
  std::string name;
};

class Store {
 public:
  virtual ~Store() = default;

  /// kNotFound where absent, here and for the other reads.
  virtual Result<std::string> ReadPolicy(const std::string& name) = 0;
  virtual Status WritePolicy(const std::string& name,
                             const std::string& text) = 0;
  /// Absent counts as deleted, here and for the other removals.
  virtual Status DeletePolicy(const std::string& name) = 0;
  /// The names of all there are, of whomever.
  virtual Result<std::vector<std::string>> ListPolicies() = 0;

  /// Vault's normalised form of the role.
  virtual Result<std::string> ReadRole(const RoleName& role) = 0;
  virtual Status WriteRole(const RoleName& role, const std::string& json) = 0;
  virtual Status DeleteRole(const RoleName& role) = 0;
  /// The names of all at that auth mount.
  virtual Result<std::vector<std::string>> ListRoles(
      const std::string& mount) = 0;

  /// `path` is below our mount: "prod-eu/bindings/sa.reports.nightly".
  virtual Result<Entry> ReadEntry(const std::string& path) = 0;
  /// Compare-and-set: `cas` is the version read (0: must not exist); kConflict
  /// where somebody was faster. The new version.
  virtual Result<int64_t> WriteEntry(const std::string& path,
                                     const std::string& data, int64_t cas) = 0;
  virtual Status RemoveEntry(const std::string& path) = 0;
  /// The names directly below; folders end in '/'. Empty where absent.
  virtual Result<std::vector<std::string>> ListEntries(
      const std::string& path) = 0;
};

}  // namespace claviger::op

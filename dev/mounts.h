// SPDX-License-Identifier: Apache-2.0
//
// What is mounted where: secrets engines by their path ("secret/"), auth
// methods by theirs ("auth/users/"). Not synchronised.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "dev/backend.h"

namespace claviger::dev {

struct Mount {
  std::string type;
  std::string description;
  std::map<std::string, std::string> options;
  std::string accessor;
  std::string uuid;
  std::unique_ptr<Backend> backend;
};

class MountTable {
 public:
  explicit MountTable(Random& random) : random_(random) {}

  /// `path` with its slash, "auth/" in front for auth methods.
  /// kInvalidArgument where it lies at, above or below another; kTooLarge at
  /// the bound.
  Status Add(const std::string& path, Mount mount);
  /// The mount that serves a request's path, or none.
  struct Route {
    const std::string* path;  // of the mount
    Mount* mount;
    std::string rest;  // of the request's path
  };
  std::optional<Route> Find(const std::string& path);
  Mount* At(const std::string& path);
  void Remove(const std::string& path) { mounts_.erase(path); }

  const std::map<std::string, Mount>& all() const { return mounts_; }

 private:
  Random& random_;
  std::map<std::string, Mount> mounts_;
};

/// A mount as sys/mounts and sys/auth show it.
nlohmann::json MountJson(const Mount& mount);

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// What the auth methods share: login, config, and roles that are written, read,
// listed and deleted by name. Not synchronised.
#pragma once

#include <map>
#include <string>

#include "dev/backend.h"
#include "dev/fields.h"
#include "dev/policies.h"

namespace claviger::dev {

/// `Role` has `RoleTokens tokens`.
template <typename Role>
class RoleAuth : public Backend {
 public:
  std::optional<bool> Exists(const std::string& path) const override {
    const auto name = Below(path, "role/");
    if (!name) return std::nullopt;
    return roles_.count(FoldName(*name)) != 0;
  }
  bool IsLogin(const std::string& path) const override {
    return path == "login";
  }
  Result<int64_t> RoleTtl(const std::string& role) const override {
    const auto found = roles_.find(role);
    if (found == roles_.end()) {
      return Fail(ErrorCode::kNotFound,
                  "role " + role + " does not exist during renewal");
    }
    return found->second.tokens.ttl;
  }
  Reply Handle(const Request& request) override {
    const std::string& path = request.path;
    if (path == "login") {
      return request.writes() ? Login(request) : UnsupportedOperation();
    }
    if (path == "config") return HandleConfig(request);
    if (path == "role" || path == "role/") {
      if (request.operation != Operation::kList) return UnsupportedOperation();
      return WithKeys(NamesBelow(roles_, ""));
    }
    const auto name = Below(path, "role/");
    return name ? HandleRole(request, FoldName(*name)) : UnsupportedPath();
  }

 protected:
  virtual Reply Login(const Request& request) = 0;
  virtual Reply HandleConfig(const Request& request) = 0;
  virtual Reply WriteRole(const Request& request, const std::string& name) = 0;
  virtual nlohmann::json Show(const Role& role) const = 0;

  std::map<std::string, Role> roles_;

 private:
  Reply HandleRole(const Request& request, const std::string& name) {
    if (!IsRoleName(name)) return UnsupportedPath();
    if (request.writes()) return WriteRole(request, name);
    if (request.operation == Operation::kDelete) {
      roles_.erase(name);
      return NoContent();
    }
    const auto found = roles_.find(name);
    return found == roles_.end() ? NotFound() : WithData(Show(found->second));
  }
};

}  // namespace claviger::dev

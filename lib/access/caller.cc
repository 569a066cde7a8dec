// SPDX-License-Identifier: Apache-2.0
#include "access/caller.h"

#include <utility>

#include "base/names.h"

namespace claviger::access {

Caller Caller::ServiceAccount(std::string ns, std::string name) {
  return {Kind::kServiceAccount, std::move(ns), std::move(name), {}};
}

Caller Caller::User(std::string name, Claims claims) {
  return {Kind::kUser, "", std::move(name), std::move(claims)};
}

std::string ToString(const Caller& caller) {
  if (caller.kind == Caller::Kind::kUser) return "user/" + caller.name;
  return "sa/" + caller.ns + "/" + caller.name;
}

Result<Caller> ParseCaller(std::string_view text) {
  static constexpr std::string_view kUser = "user/";
  static constexpr std::string_view kAccount = "sa/";
  if (text.substr(0, kUser.size()) == kUser) {
    const std::string_view name = text.substr(kUser.size());
    if (IsUserName(name)) return Caller::User(std::string(name));
  }
  if (text.substr(0, kAccount.size()) == kAccount) {
    const std::string_view rest = text.substr(kAccount.size());
    const size_t slash = rest.find('/');
    const std::string_view ns = rest.substr(0, slash);
    const std::string_view name =
        slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (IsDnsLabel(ns) && IsDnsSubdomain(name)) {
      return Caller::ServiceAccount(std::string(ns), std::string(name));
    }
  }
  return Fail(ErrorCode::kInvalidArgument,
              "a caller is sa/<namespace>/<name> or user/<name>");
}

}  // namespace claviger::access

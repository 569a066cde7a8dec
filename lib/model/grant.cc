// SPDX-License-Identifier: Apache-2.0
#include "model/grant.h"

#include <array>
#include <utility>

namespace claviger::model {
namespace {

constexpr std::array<std::pair<Privilege, std::string_view>, 5> kPrivileges = {
    {{Privilege::kView, "view"},
     {Privilege::kUse, "use"},
     {Privilege::kReadSecret, "readSecret"},
     {Privilege::kShare, "share"},
     {Privilege::kManage, "manage"}}};

}  // namespace

std::string_view ToString(Privilege privilege) {
  for (const auto& [value, name] : kPrivileges) {
    if (value == privilege) return name;
  }
  return "";
}

std::optional<Privilege> ParsePrivilege(std::string_view text) {
  for (const auto& [value, name] : kPrivileges) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
#include "operator/role_extras.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace claviger::op {
namespace {

using nlohmann::json;

bool HoldsNothing(const json& value) {
  if (value.is_string() || value.is_structured()) {
    return value.empty() || value == "";
  }
  return value.is_null() || value == 0 || value == false;
}

// Filled in by the server where nobody says anything.
bool IsServersOwn(const std::string& key, const json& value) {
  if (key == "token_type") return value == "default" || value == "service";
  return key == "alias_name_source" && value == "serviceaccount_uid";
}

}  // namespace

std::string RoleExtras(std::string_view wanted_json,
                       std::string_view actual_json) {
  const Result<json> wanted = ParseJson(wanted_json);
  const Result<json> actual = ParseJson(actual_json);
  if (!wanted || !actual || !wanted->is_object() || !actual->is_object()) {
    return "";
  }
  json extras = json::object();
  for (const auto& [key, value] : actual->items()) {
    if (wanted->contains(key) || HoldsNothing(value)) continue;
    if (!IsServersOwn(key, value)) extras[key] = value;
  }
  return extras.empty() ? "" : DumpJson(extras);
}

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
#include "base/json_member.h"

#include <nlohmann/json.hpp>

namespace claviger {

using nlohmann::json;

const json& MemberAt(const json& object, std::string_view key) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string TextAt(const json& object, std::string_view key) {
  const json& text = MemberAt(object, key);
  return text.is_string() ? text.get<std::string>() : std::string();
}

std::string TextAtPath(const json& value, const char* pointer) {
  const json::json_pointer at(pointer);
  if (!value.contains(at) || !value.at(at).is_string()) return "";
  return value.at(at).get<std::string>();
}

}  // namespace claviger

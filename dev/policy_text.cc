// SPDX-License-Identifier: Apache-2.0
//
// Policies as JSON. Where Vault reads a JSON policy leniently (keys twice,
// lists of objects) this one refuses: what is not written by a serializer is
// not what claviger writes.
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "dev/acl.h"

namespace claviger::dev {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{
    .max_bytes = size_t{1} << 20U, .max_depth = 8, .max_values = 200'000};

tl::unexpected<Error> Refuse(const std::string& what) {
  return Fail(ErrorCode::kInvalidArgument, "failed to parse policy: " + what);
}

std::optional<Capability> CapabilityOf(std::string_view name) {
  static const std::unordered_map<std::string_view, Capability> kNames = {
      {"create", Capability::kCreate},       {"read", Capability::kRead},
      {"update", Capability::kUpdate},       {"delete", Capability::kDelete},
      {"list", Capability::kList},           {"patch", Capability::kPatch},
      {"sudo", Capability::kSudo},           {"deny", Capability::kDeny},
      {"subscribe", Capability::kSubscribe}, {"recover", Capability::kRecover}};
  const auto found = kNames.find(name);
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

Result<Capabilities> ReadRule(const std::string& path, const json& rule) {
  if (!rule.is_object()) return Refuse("path \"" + path + "\": not an object");
  Capabilities capabilities;
  for (const auto& [key, value] : rule.items()) {
    if (key != "capabilities") {
      return Refuse("path \"" + path + "\": invalid key \"" + key + "\"");
    }
    if (!value.is_array()) {
      return Refuse("path \"" + path + "\": capabilities are not a list");
    }
    for (const json& item : value) {
      const auto one = item.is_string()
                           ? CapabilityOf(item.get_ref<const std::string&>())
                           : std::nullopt;
      if (!one) {
        return Refuse("path \"" + path + "\": invalid capability " +
                      DumpJson(item));
      }
      capabilities.Add(Capabilities(*one));
    }
  }
  return capabilities;
}

}  // namespace

Status Policy::AddPath(std::string path, Capabilities capabilities) {
  if (path.find("+*") != std::string::npos) {
    return Refuse("path \"" + path +
                  "\": invalid use of wildcards ('+*' is forbidden)");
  }
  if (!path.empty() && path.front() == '/') path.erase(0, 1);
  if (PathPattern::IsPattern(path)) {
    patterns_.push_back({PathPattern(std::move(path)), capabilities});
  } else {
    exact_[std::move(path)].Add(capabilities);
  }
  return {};
}

Result<std::shared_ptr<const Policy>> Policy::Parse(std::string_view text) {
  const auto document = ParseJson(text, kLimits);
  if (!document) return Refuse(document.error().message);
  if (!document->is_object()) return Refuse("not an object");
  auto policy = std::make_shared<Policy>();
  for (const auto& [key, value] : document->items()) {
    if (key == "name") continue;
    if (key != "path") return Refuse("invalid key \"" + key + "\"");
    if (!value.is_object()) return Refuse("\"path\" is not an object");
    for (const auto& [path, rule] : value.items()) {
      const auto capabilities = ReadRule(path, rule);
      if (!capabilities) return Fail(capabilities.error());
      if (const auto added = policy->AddPath(path, *capabilities); !added) {
        return Fail(added.error());
      }
    }
  }
  return policy;
}

}  // namespace claviger::dev

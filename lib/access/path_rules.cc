// SPDX-License-Identifier: Apache-2.0
#include "access/path_rules.h"

#include <algorithm>
#include <array>

#include "base/names.h"

namespace claviger::access {
namespace {

constexpr std::array<std::string_view, 4> kReserved = {"sys", "auth",
                                                       "identity", "cubbyhole"};

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

// True where `inner` is `outer` or below it.
bool IsAtOrBelow(std::string_view inner, std::string_view outer) {
  return inner.substr(0, outer.size()) == outer &&
         (inner.size() == outer.size() || inner[outer.size()] == '/');
}

bool IsReserved(std::string_view mount, std::string_view own_mount) {
  const std::string_view first = Split(mount).front();
  return std::find(kReserved.begin(), kReserved.end(), first) !=
             kReserved.end() ||
         IsAtOrBelow(mount, own_mount) || IsAtOrBelow(own_mount, mount);
}

// What a placeholder stands for; null for anything else.
const std::string* ValueOf(std::string_view placeholder, const PathRules& rules,
                           const model::ObjectRef& connection) {
  if (placeholder == "{namespace}") return &connection.ns;
  if (placeholder == "{connection}") return &connection.name;
  if (placeholder == "{cluster}") return &rules.cluster;
  return nullptr;
}

bool SegmentMatches(std::string_view pattern, std::string_view segment,
                    const PathRules& rules,
                    const model::ObjectRef& connection) {
  if (pattern == "+") return true;
  if (pattern.empty() || pattern.front() != '{') return pattern == segment;
  const size_t end = pattern.find('}');
  if (end == std::string_view::npos) return false;
  const std::string* value =
      ValueOf(pattern.substr(0, end + 1), rules, connection);
  if (value == nullptr || value->empty()) return false;
  const std::string_view rest = pattern.substr(end + 1);
  if (rest.empty()) return segment == *value;
  // "{namespace}.+": up to the dot it is the namespace, whole.
  if (segment.substr(0, value->size()) != *value) return false;
  segment.remove_prefix(value->size());
  if (rest == ".+") return segment.size() > 1 && segment.front() == '.';
  return segment == rest;
}

// What a pattern is matched against: the API path behind mount and engine
// word, which for every engine is the path or the role.
std::string_view Behind(const model::VaultRef& ref) {
  return UsesPath(ref.engine) ? ref.path : ref.role;
}

bool PatternMatches(std::string_view pattern, const PathRules& rules,
                    const model::ObjectRef& connection,
                    const model::VaultRef& ref) {
  const auto wanted = Split(pattern);
  const auto given = Split(Behind(ref));
  return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                    [&](std::string_view part, std::string_view segment) {
                      return SegmentMatches(part, segment, rules, connection);
                    });
}

bool IsPatternSegment(std::string_view segment) {
  if (segment == "+") return true;
  if (segment.empty() || segment.front() != '{') {
    return IsVaultSegment(segment);
  }
  const size_t end = segment.find('}');
  if (end == std::string_view::npos) return false;
  const std::string_view name = segment.substr(0, end + 1);
  const bool known =
      name == "{namespace}" || name == "{connection}" || name == "{cluster}";
  const std::string_view rest = segment.substr(end + 1);
  if (!known || rest.empty() || rest == ".+") return known;
  // A fixed rest starts at a dot: with a dash, `sales` could name `sales-eu`.
  return rest.front() == '.' && IsVaultSegment(rest.substr(1));
}

model::Refusal NotAllowed(const model::VaultRef& ref, std::string why,
                          std::string fix) {
  return {"PathNotAllowed", "the Vault path " + ApiPath(ref) + " " + why,
          std::move(fix)};
}

}  // namespace

std::optional<model::Refusal> CheckPath(const PathRules& rules,
                                        const model::ObjectRef& connection,
                                        const model::VaultRef& ref) {
  if (IsReserved(ref.mount, rules.own_mount)) {
    return NotAllowed(ref, "is in a reserved mount",
                      "name a secrets engine's mount");
  }
  if (rules.allow_all) return std::nullopt;
  const auto rule = std::find_if(rules.mounts.begin(), rules.mounts.end(),
                                 [&](const MountRule& candidate) {
                                   return candidate.mount == ref.mount &&
                                          candidate.engine == ref.engine;
                                 });
  if (rule == rules.mounts.end()) {
    return NotAllowed(ref,
                      "is in a mount that is not listed for engine " +
                          std::string(ToString(ref.engine)),
                      "use a mount and engine of the operator's vault.mounts");
  }
  const bool allowed = std::any_of(
      rule->allow.begin(), rule->allow.end(), [&](const std::string& pattern) {
        return PatternMatches(pattern, rules, connection, ref);
      });
  if (allowed) return std::nullopt;
  std::string patterns;
  for (const std::string& pattern : rule->allow) {
    patterns += patterns.empty() ? pattern : ", " + pattern;
  }
  return NotAllowed(
      ref, "is not one that namespace " + connection.ns + " may name",
      "in mount " + rule->mount + " name a path like " + patterns);
}

Status CheckPathRules(const PathRules& rules) {
  const auto wrong = [](const std::string& what) {
    return Fail(ErrorCode::kInvalidArgument, what);
  };
  for (size_t i = 0; i < rules.mounts.size(); ++i) {
    const MountRule& rule = rules.mounts[i];
    if (!IsVaultPath(rule.mount)) {
      return wrong("mount " + rule.mount + " is not a Vault path");
    }
    if (IsReserved(rule.mount, rules.own_mount)) {
      return wrong("mount " + rule.mount + " is reserved");
    }
    for (size_t j = 0; j < rules.mounts.size(); ++j) {
      const MountRule& other = rules.mounts[j];
      if (rule.mount != other.mount && IsAtOrBelow(rule.mount, other.mount)) {
        return wrong("mount " + rule.mount + " is inside mount " + other.mount);
      }
    }
    for (const std::string& pattern : rule.allow) {
      const auto segments = Split(pattern);
      if (!std::all_of(segments.begin(), segments.end(), IsPatternSegment)) {
        return wrong("pattern " + pattern + " of mount " + rule.mount +
                     " is not made of names, + and {namespace}, {cluster} or "
                     "{connection}, whole or before a dot");
      }
    }
  }
  return {};
}

}  // namespace claviger::access

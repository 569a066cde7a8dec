// SPDX-License-Identifier: Apache-2.0
#include "dev/acl.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace claviger::dev {
namespace {

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> segments;
  while (true) {
    const size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::string_view WithoutSlash(std::string_view path) {
  path.remove_suffix(1);
  return path;
}

}  // namespace

std::vector<std::string> Capabilities::Names() const {
  if (Contains(Capability::kRoot)) return {"root"};
  if (bits_ == 0 || Contains(Capability::kDeny)) return {"deny"};
  constexpr std::array kSorted = {
      std::pair{Capability::kCreate, "create"},
      std::pair{Capability::kDelete, "delete"},
      std::pair{Capability::kList, "list"},
      std::pair{Capability::kPatch, "patch"},
      std::pair{Capability::kRead, "read"},
      std::pair{Capability::kRecover, "recover"},
      std::pair{Capability::kSubscribe, "subscribe"},
      std::pair{Capability::kSudo, "sudo"},
      std::pair{Capability::kUpdate, "update"},
  };
  std::vector<std::string> names;
  for (const auto& [capability, name] : kSorted) {
    if (Contains(capability)) names.emplace_back(name);
  }
  return names;
}

bool PathPattern::IsPattern(std::string_view text) {
  if (!text.empty() && text.back() == '*') return true;
  const auto segments = Split(text);
  return std::find(segments.begin(), segments.end(), "+") != segments.end();
}

PathPattern::PathPattern(std::string text) : text_(std::move(text)) {
  std::string_view rest = text_;
  prefix_ = rest.back() == '*';
  if (prefix_) rest.remove_suffix(1);
  segments_ = Split(rest);
  first_wildcard_ = rest.size();
  size_t at = 0;
  for (const std::string& segment : segments_) {
    if (segment == "+" && pluses_++ == 0) first_wildcard_ = at;
    at += segment.size() + 1;
  }
}

bool PathPattern::Matches(std::string_view path) const {
  if (pluses_ == 0) {
    return path.substr(0, text_.size() - 1) ==
           std::string_view(text_).substr(0, text_.size() - 1);
  }
  const auto parts = Split(path);
  const size_t count = segments_.size();
  if (prefix_ ? parts.size() < count : parts.size() != count) return false;
  for (size_t i = 0; i < count; ++i) {
    const std::string& segment = segments_[i];
    if (segment == "+" || segment == parts[i]) continue;
    const bool last = prefix_ && i + 1 == count;
    if (!last || parts[i].compare(0, segment.size(), segment) != 0) {
      return false;
    }
  }
  return true;
}

bool PathPattern::Beats(const PathPattern& other) const {
  // A later first wildcard wins; then no trailing `*`; then fewer `+`; then the
  // longer text; then the one that sorts later.
  const auto rank = [](const PathPattern& pattern) {
    return std::tuple(pattern.first_wildcard_, !pattern.prefix_,
                      -static_cast<int64_t>(pattern.pluses_),
                      pattern.text_.size(), std::string_view(pattern.text_));
  };
  return rank(*this) > rank(other);
}

bool Acl::FindExact(std::string_view path, Capabilities& found) const {
  bool any = false;
  const std::string key(path);
  for (const auto& policy : policies_) {
    const auto rule = policy->exact().find(key);
    if (rule == policy->exact().end()) continue;
    found.Add(rule->second);
    any = true;
  }
  return any;
}

bool Acl::FindPattern(std::string_view path, Capabilities& found) const {
  const PathPattern* best = nullptr;
  for (const auto& policy : policies_) {
    for (const Policy::Pattern& rule : policy->patterns()) {
      if (!rule.path.Matches(path)) continue;
      const bool same = best != nullptr && best->text() == rule.path.text();
      if (!same && best != nullptr && !rule.path.Beats(*best)) continue;
      if (!same) found = Capabilities();
      found.Add(rule.capabilities);
      best = &rule.path;
    }
  }
  return best != nullptr;
}

Capabilities Acl::On(std::string_view path, bool listing) const {
  if (root_) return Capabilities(Capability::kRoot);
  const bool folder = listing && !path.empty() && path.back() == '/';
  Capabilities found;
  if (FindExact(path, found)) return found;
  if (folder && FindExact(WithoutSlash(path), found)) return found;
  if (folder && FindPattern(WithoutSlash(path), found)) return found;
  FindPattern(path, found);
  return found;
}

bool Acl::ReachesInto(std::string_view mount) const {
  if (root_) return true;
  const auto below = [&](std::string_view path, Capabilities capabilities) {
    const auto names = capabilities.Names();
    return names.front() != "deny" && path.substr(0, mount.size()) == mount;
  };
  return std::any_of(
      policies_.begin(), policies_.end(), [&](const auto& policy) {
        const auto& exact = policy->exact();
        const auto& patterns = policy->patterns();
        return std::any_of(exact.begin(), exact.end(),
                           [&](const auto& rule) {
                             return below(rule.first, rule.second);
                           }) ||
               std::any_of(patterns.begin(), patterns.end(),
                           [&](const Policy::Pattern& rule) {
                             return below(rule.path.text(), rule.capabilities);
                           }) ||
               !On(mount, true).Names().front().starts_with("deny");
      });
}

}  // namespace claviger::dev

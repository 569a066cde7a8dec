// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <algorithm>

namespace claviger {
namespace {

bool IsLowerAlnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool IsAlnum(char c) { return IsLowerAlnum(c) || (c >= 'A' && c <= 'Z'); }

// A spelling such as "Root" or "ROOT": servers have been seen to fold case and
// take a policy of that name for the root policy (CVE-2025-5999).
bool FoldsToRoot(std::string_view name) {
  static constexpr std::string_view kRoot = "root";
  return name != kRoot &&
         std::equal(name.begin(), name.end(), kRoot.begin(), kRoot.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

// Calls `check` on each part of `text` between separators.
template <typename Check>
bool EachPart(std::string_view text, char separator, Check check) {
  while (true) {
    const size_t end = text.find(separator);
    if (!check(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool IsDnsLabel(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  if (!IsLowerAlnum(name.front()) || !IsLowerAlnum(name.back())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return IsLowerAlnum(c) || c == '-'; });
}

bool IsDnsSubdomain(std::string_view name) {
  return name.size() <= 253 && EachPart(name, '.', [](std::string_view part) {
           // Kubernetes bounds the whole, not the parts.
           return !part.empty() && IsLowerAlnum(part.front()) &&
                  IsLowerAlnum(part.back()) &&
                  std::all_of(part.begin(), part.end(), [](char c) {
                    return IsLowerAlnum(c) || c == '-';
                  });
         });
}

namespace {

bool IsSegmentUpTo(std::string_view segment, size_t limit) {
  if (segment.empty() || segment.size() > limit) return false;
  if (!IsAlnum(segment.front()) && segment.front() != '_') return false;
  if (segment.find("..") != std::string_view::npos) return false;
  if (FoldsToRoot(segment)) return false;
  return std::all_of(segment.begin(), segment.end(), [](char c) {
    return IsAlnum(c) || c == '_' || c == '.' || c == '-';
  });
}

}  // namespace

bool IsVaultSegment(std::string_view segment) {
  return IsSegmentUpTo(segment, 128);
}

bool IsVaultPath(std::string_view path) {
  return path.size() <= 512 && EachPart(path, '/', IsVaultSegment);
}

bool IsApiPath(std::string_view path) {
  return path.size() <= 1024 &&
         EachPart(path, '/', [](std::string_view segment) {
           return IsSegmentUpTo(segment, 512);
         });
}

bool IsClusterName(std::string_view name) {
  return name.size() <= 40 && IsDnsLabel(name);
}

bool IsUserName(std::string_view name) {
  if (name.empty() || name.size() > 256) return false;
  if (name.front() == ' ' || name.back() == ' ') return false;
  if (name.find("..") != std::string_view::npos || name == ".") return false;
  if (FoldsToRoot(name)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c >= 0x20 && c < 0x7f &&
           std::string_view("\"'`\\{}*+%").find(c) == std::string_view::npos;
  });
}

}  // namespace claviger

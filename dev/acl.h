// SPDX-License-Identifier: Apache-2.0
//
// Vault's access rules: policies as JSON, and which of their rules decides
// about a path. An exact path beats every pattern; `+` stands for one segment,
// a trailing `*` for any rest; among patterns that match, the most specific one
// decides alone. Policies of one token are read together: the same path's
// capabilities are united, and `deny` beats them. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace claviger::dev {

enum class Capability : uint16_t {
  kCreate = 1U << 0U,
  kRead = 1U << 1U,
  kUpdate = 1U << 2U,
  kDelete = 1U << 3U,
  kList = 1U << 4U,
  kPatch = 1U << 5U,
  kSudo = 1U << 6U,
  kDeny = 1U << 7U,
  kSubscribe = 1U << 8U,
  kRecover = 1U << 9U,
  kRoot = 1U << 10U,
};

/// A set of capabilities. `deny`, or none at all, allows nothing.
class Capabilities {
 public:
  Capabilities() = default;
  explicit Capabilities(Capability one) : bits_(static_cast<uint16_t>(one)) {}

  void Add(Capabilities other) { bits_ |= other.bits_; }
  bool Contains(Capability one) const {
    return (bits_ & static_cast<uint16_t>(one)) != 0;
  }
  bool Allows(Capability one) const {
    if (Contains(Capability::kDeny)) return false;
    return Contains(one) || Contains(Capability::kRoot);
  }
  /// As sys/capabilities answers: sorted, {"deny"} where nothing is allowed.
  std::vector<std::string> Names() const;

 private:
  uint16_t bits_ = 0;
};

/// A path of a policy that holds `+` segments or ends in `*`.
class PathPattern {
 public:
  explicit PathPattern(std::string text);
  static bool IsPattern(std::string_view text);

  const std::string& text() const { return text_; }
  bool Matches(std::string_view path) const;
  /// True where this pattern decides rather than `other`, both matching.
  bool Beats(const PathPattern& other) const;

 private:
  std::string text_;
  std::vector<std::string> segments_;  // without the trailing `*`
  bool prefix_ = false;
  size_t pluses_ = 0;
  size_t first_wildcard_ = 0;
};

/// One policy, parsed.
class Policy {
 public:
  /// kInvalidArgument with what Vault objects to: not JSON, unknown keys,
  /// unknown capabilities, `+*`.
  static Result<std::shared_ptr<const Policy>> Parse(std::string_view text);

  struct Pattern {
    PathPattern path;
    Capabilities capabilities;
  };
  const std::unordered_map<std::string, Capabilities>& exact() const {
    return exact_;
  }
  const std::vector<Pattern>& patterns() const { return patterns_; }

 private:
  Status AddPath(std::string path, Capabilities capabilities);

  std::unordered_map<std::string, Capabilities> exact_;
  std::vector<Pattern> patterns_;
};

/// What the policies of one token allow together.
class Acl {
 public:
  explicit Acl(std::vector<std::shared_ptr<const Policy>> policies, bool root)
      : policies_(std::move(policies)), root_(root) {}

  /// `listing`: for LIST requests and questions about capabilities, where a
  /// path ending in a slash is also looked up without it.
  Capabilities On(std::string_view path, bool listing) const;
  /// Whether any rule could allow something at or below a mount.
  bool ReachesInto(std::string_view mount) const;
  bool root() const { return root_; }

 private:
  bool FindExact(std::string_view path, Capabilities& found) const;
  bool FindPattern(std::string_view path, Capabilities& found) const;

  std::vector<std::shared_ptr<const Policy>> policies_;
  bool root_;
};

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// What is mounted at a path of the embedded Vault: a secrets engine, an auth
// method, or sys/. Called under VaultCore's lock, after the access rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dev/message.h"

namespace claviger::dev {

class Backend {
 public:
  virtual ~Backend() = default;

  /// Whether a write to `path` finds something, and so is an update and not a
  /// creation. None: every write there is an update.
  virtual std::optional<bool> Exists(const std::string& /*path*/) const {
    return std::nullopt;
  }
  /// Open to callers without a token.
  virtual bool IsLogin(const std::string& /*path*/) const { return false; }
  /// Open to every token, whatever its policies say.
  virtual bool IsOpen(const std::string& /*path*/) const { return false; }
  /// Wants `sudo` beside the operation's capability.
  virtual bool WantsSudo(const std::string& /*path*/) const { return false; }

  /// For auth methods: the lifetime in seconds that a role gives now, 0 where
  /// it says nothing; kNotFound where the role is gone.
  virtual Result<int64_t> RoleTtl(const std::string& /*role*/) const {
    return 0;
  }

  virtual Reply Handle(const Request& request) = 0;
};

/// The rest of `path` below `prefix` ("data/"), if it is below it.
inline std::optional<std::string> Below(const std::string& path,
                                        std::string_view prefix) {
  if (path.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  return path.substr(prefix.size());
}

/// The names directly below `folder` ("" or ending in '/') among the keys of a
/// map; folders end in '/'.
template <typename Value>
std::vector<std::string> NamesBelow(const std::map<std::string, Value>& map,
                                    const std::string& folder) {
  std::vector<std::string> names;
  for (auto it = map.lower_bound(folder); it != map.end(); ++it) {
    const auto rest = Below(it->first, folder);
    if (!rest) break;
    const size_t slash = rest->find('/');
    std::string name = rest->substr(
        0, slash == std::string::npos ? std::string::npos : slash + 1);
    if (names.empty() || names.back() != name) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

/// A list's reply: 404 where there is nothing.
inline Reply WithKeys(const std::vector<std::string>& keys) {
  if (keys.empty()) return NotFound();
  return WithData({{"keys", keys}});
}

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// Which Vault paths a namespace may name (`vault.mounts`, design.md section
// 2). The final API path is matched, segment by segment, so that a mount, a
// cluster or a namespace called `data` or `creds` opens nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/connection.h"
#include "model/vault_ref.h"

namespace claviger::access {

/// One configured mount. `allow` patterns match what is behind the engine's
/// fixed part ("data", "creds"): literal segments, `+` for any one segment,
/// `{namespace}`, `{cluster}` or `{connection}` as a whole segment, or such a
/// placeholder and a dot before the rest: "{namespace}.+".
struct MountRule {
  std::string mount;
  model::Engine engine = model::Engine::kKv2;
  std::vector<std::string> allow;
};

struct PathRules {
  /// Without a configuration every mount is allowed but the reserved ones.
  bool allow_all = true;
  std::vector<MountRule> mounts;
  std::string own_mount = "claviger";
  std::string cluster;
};

/// Whether `connection` (or a Grant on it) may name `ref`; otherwise why not
/// (reason PathNotAllowed).
std::optional<model::Refusal> CheckPath(const PathRules& rules,
                                        const model::ObjectRef& connection,
                                        const model::VaultRef& ref);

/// Checks the patterns themselves: kInvalidArgument naming the wrong one, a
/// reserved mount, or a mount inside another.
Status CheckPathRules(const PathRules& rules);

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// Vault's own state: health, mounts, auth mounts, capabilities. Stateless
// functions over the Api; thread-safe and blocking as it is.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

enum class Health { kActive, kStandby, kUninitialized, kSealed };
/// sys/health, without a token. Errors only where there is no answer.
Result<Health> ReadHealth(Api& api);

struct Mount {
  std::string type = {};                            // "kv", "kubernetes"
  std::map<std::string, std::string> options = {};  // {"version": "2"}
};
/// Mounts by path without the trailing slash: "secret" -> kv, version 2.
Result<std::map<std::string, Mount>> ListMounts(Api& api, const Secret& token);
Result<std::map<std::string, Mount>> ListAuthMounts(Api& api,
                                                    const Secret& token);
Status EnableMount(Api& api, const Secret& token, std::string_view path,
                   const Mount& mount);
Status EnableAuthMount(Api& api, const Secret& token, std::string_view path,
                       std::string_view type);

/// sys/capabilities for another token (administrators), or -self for one's
/// own: path -> capabilities, {"deny"} where nothing is allowed.
Result<std::map<std::string, std::vector<std::string>>> Capabilities(
    Api& api, const Secret& token, const Secret& of,
    const std::vector<std::string>& paths);

}  // namespace claviger::vault

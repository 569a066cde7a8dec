// SPDX-License-Identifier: Apache-2.0
//
// KV version 1 and 2. Stateless functions over the Api; thread-safe and
// blocking as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

/// The fields of one secret, as JSON text of an object. Wiped on drop.
struct KvSecret {
  Secret data;
  int64_t version = 0;  // v2; 0 for v1
  /// Vault's id of this read, as its audit log has it; empty: none that is one.
  std::string request_id = {};
};

/// KV v2. kNotFound where the secret, or that version, is absent, deleted or
/// destroyed. `version` 0: the newest.
Result<KvSecret> ReadKv2(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path, int64_t version = 0);
/// KV v1. kNotFound where absent.
Result<KvSecret> ReadKv1(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path);

/// Writes with compare-and-set: `cas` is the version the caller read (0: must
/// not exist). kConflict when somebody was faster. The new version.
Result<int64_t> WriteKv2(Api& api, const Secret& token, std::string_view mount,
                         std::string_view path, std::string_view data_json,
                         int64_t cas);
/// The version that a write has to name: of whatever was there last, deleted or
/// destroyed since or not; 0 where nothing ever was. Reads metadata only.
Result<int64_t> CurrentVersionKv2(Api& api, const Secret& token,
                                  std::string_view mount,
                                  std::string_view path);
/// Removes all versions and the metadata; absent counts as removed.
Status RemoveKv2(Api& api, const Secret& token, std::string_view mount,
                 std::string_view path);
/// The names directly below `path`; folders end in '/'. Empty where absent.
Result<std::vector<std::string>> ListKv2(Api& api, const Secret& token,
                                         std::string_view mount,
                                         std::string_view path);

}  // namespace claviger::vault

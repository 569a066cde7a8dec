// SPDX-License-Identifier: Apache-2.0
//
// ACL policies (sys/policies/acl). Stateless functions over the Api;
// thread-safe and blocking as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"

namespace claviger::vault {

/// The policy's text as stored. kNotFound where there is none.
Result<std::string> ReadPolicy(Api& api, const Secret& token,
                               std::string_view name);
/// `text` is JSON made by a serializer. Takes effect for live tokens at once.
Status WritePolicy(Api& api, const Secret& token, std::string_view name,
                   std::string_view text);
/// Absent counts as deleted.
Status DeletePolicy(Api& api, const Secret& token, std::string_view name);
Result<std::vector<std::string>> ListPolicies(Api& api, const Secret& token);

}  // namespace claviger::vault

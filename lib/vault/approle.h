// SPDX-License-Identifier: Apache-2.0
//
// The login of machines that are in no cluster. Stateless; thread-safe and
// blocking as the Api is.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "vault/api.h"
#include "vault/auth.h"

namespace claviger::vault {

/// POST auth/<mount>/login with {"role_id","secret_id"}; an empty secret id is
/// left out, for roles that want none. Errors as LoginWithJwt's.
Result<Login> LoginWithAppRole(Api& api, std::string_view mount,
                               const Secret& role_id, const Secret& secret_id);

}  // namespace claviger::vault

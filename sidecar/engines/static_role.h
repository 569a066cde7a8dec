// SPDX-License-Identifier: Apache-2.0
//
// Static roles of the database and LDAP engines: one account whose password
// Vault changes at times of its own. There is no lease; `ttl` says when the
// next change comes, `last_vault_rotation` which password this is.
#pragma once

#include <memory>

#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

std::unique_ptr<Engine> MakeStaticRoleEngine(vault::Api& api);

}  // namespace claviger::sidecar

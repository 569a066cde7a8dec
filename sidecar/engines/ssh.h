// SPDX-License-Identifier: Apache-2.0
//
// Certificates of the SSH engine: a new key pair for each, made here, of which
// Vault sees and signs the public half only. The user name is the certificate's
// first principal, which is the role's default_user.
#pragma once

#include <memory>

#include "base/random.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// `clock` and `random` outlive the result.
std::unique_ptr<Engine> MakeSshEngine(vault::Api& api, const Clock& clock,
                                      Random& random);

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// The Vault policy that the operator itself needs: everything it does, and no
// credential path. Pure.
#pragma once

#include <string>

#include "access/policy.h"

namespace claviger::op {

/// The policy's JSON text. Whoever may write policies could give itself
/// anything, so its holder is as trusted as Vault's administrators.
std::string OwnPolicyText(const access::VaultLayout& layout);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// The names in Vault that belong to one principal, from its id alone: what is
// found in Vault has an id, but a user's name cannot be read back from it. The
// same names as lib/access/principal.h gives. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"

namespace claviger::op {

struct VaultNames {
  VaultNames(std::string_view cluster, std::string principal_id);

  std::string id;      // "sa.reports.nightly"
  std::string rights;  // its policy's and its role's name
  std::string entry;   // its bindings, below our mount

  /// The entry of a further part, from 1.
  std::string Part(int part) const;
};

/// The principal of an id; nothing for users, whose ids are digests, and for
/// what is no id.
std::optional<access::Principal> PrincipalOf(std::string_view id);
bool IsPrincipalId(std::string_view id);

std::string BindingsFolder(std::string_view cluster);
std::string InventoryFolder(std::string_view cluster);

}  // namespace claviger::op

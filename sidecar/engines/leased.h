// SPDX-License-Identifier: Apache-2.0
//
// Engines whose credential is what GET of one path gives, each time another
// one with a lease of its own: database roles, the LDAP engine's dynamic
// roles, AWS; and any path at all (`read`), where a lease is not certain.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// The engine's field names and ours, for those that differ.
using Renames = std::vector<std::pair<std::string_view, std::string_view>>;

std::unique_ptr<Engine> MakeLeasedEngine(vault::Api& api, Renames renames = {});

}  // namespace claviger::sidecar

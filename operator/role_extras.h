// SPDX-License-Identifier: Apache-2.0
//
// What a role in Vault says beyond what we wrote. Writing a role leaves fields
// alone that are not named, so a field added by hand (a namespace selector,
// say) would survive every repair. Pure.
#pragma once

#include <string>
#include <string_view>

namespace claviger::op {

/// The fields of `actual_json` that `wanted_json` does not name and that hold
/// something, as JSON text; empty where there are none. What servers fill in
/// by themselves does not count.
std::string RoleExtras(std::string_view wanted_json,
                       std::string_view actual_json);

}  // namespace claviger::op

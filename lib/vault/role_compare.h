// SPDX-License-Identifier: Apache-2.0
//
// Whether a role in Vault already says what we want it to say. Vault gives
// roles back in its own spelling, and a drift check that took the spelling for
// a difference would rewrite every role for ever. Pure.
#pragma once

#include <string_view>

namespace claviger::vault {

/// True when each key of `wanted_json` has an equal value in `actual_json`
/// (both the JSON text of an object; anything else is no match). Equal are:
/// "1h", "3600" and 3600; lists in another order or with duplicates, and
/// "a,b" for ["a","b"]; policies in another case; empty, zero, false, null and
/// absent. Objects within (bound_claims) must have the same keys, and strings
/// in them are taken literally.
bool RoleMatches(std::string_view wanted_json, std::string_view actual_json);

}  // namespace claviger::vault

// SPDX-License-Identifier: Apache-2.0
//
// Members of JSON that came from outside, where what is absent and what has
// another type are the same. Pure; thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace claviger {

/// The member `key` of an object, which it is a part of; null where there is
/// none.
const nlohmann::json& MemberAt(const nlohmann::json& object,
                               std::string_view key);

/// The string under `key` of an object; "" where there is none.
std::string TextAt(const nlohmann::json& object, std::string_view key);

/// The string at a JSON pointer (RFC 6901), which must be well-formed; ""
/// where there is none. Not for keys from outside: they may hold slashes.
std::string TextAtPath(const nlohmann::json& value, const char* pointer);

}  // namespace claviger

// SPDX-License-Identifier: Apache-2.0
//
// Digests and encodings (OpenSSL behind one file). Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger {

/// SHA-256 as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

/// HMAC-SHA-256 as 64 lower-case hex digits.
std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

/// RFC 4122 name-based UUID, version 5, in the project's own namespace: what
/// objects from files have for a uid.
std::string UuidV5(std::string_view name);

/// RFC 4648 base64, with padding.
std::string Base64Encode(std::string_view bytes);

/// RFC 4648 base64url without padding, as JWTs use it. kInvalidArgument on
/// any other character or an impossible length.
Result<std::string> Base64UrlDecode(std::string_view text);
std::string Base64UrlEncode(std::string_view bytes);

}  // namespace claviger

// SPDX-License-Identifier: Apache-2.0
//
// The cryptography of PostgreSQL's logins (OpenSSL behind one file). Pure and
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace claviger::postgres {

/// 32 bytes each.
std::string Sha256(std::string_view bytes);
Secret HmacSha256(std::string_view key, std::string_view bytes);
/// SCRAM's Hi(): PBKDF2 with HMAC-SHA-256; `iterations` of 1 or more.
Secret Pbkdf2(std::string_view password, std::string_view salt, int iterations);
/// 32 lower-case hex digits; empty where the system forbids MD5.
Secret Md5Hex(std::string_view bytes);

/// Standard base64 with padding, and nothing else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace claviger::postgres

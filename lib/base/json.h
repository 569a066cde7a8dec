// SPDX-License-Identifier: Apache-2.0
//
// Bounded JSON in and out (nlohmann behind one file): what comes from outside
// is limited in bytes, depth and values before a tree of it exists, and
// duplicate keys, invalid UTF-8 and trailing text are refused. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger {

struct JsonLimits {
  size_t max_bytes = size_t{8} << 20U;
  int max_depth = 64;
  size_t max_values = 500'000;
};

/// Parses one JSON value. kTooLarge over a limit, kMalformed otherwise; the
/// message gives the byte offset, never the text.
Result<nlohmann::json> ParseJson(std::string_view text,
                                 const JsonLimits& limits = {});

/// One line, keys in the tree's order (sorted), invalid UTF-8 replaced.
std::string DumpJson(const nlohmann::json& value);
std::string DumpJson(const nlohmann::ordered_json& value);

}  // namespace claviger

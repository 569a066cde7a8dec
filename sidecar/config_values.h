// SPDX-License-Identifier: Apache-2.0
//
// One value of the configuration, read: out of bounds or of another form it is
// complained about in the value's report, and what it would have set is left as
// it was. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/settings_file.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar {

void Invalid(const model::Value& value, std::string what, std::string fix);

/// A text that `matches`; `what` says what such a text is.
void ReadMatching(const model::Value& value, bool (*matches)(std::string_view),
                  std::string_view what, std::string& out);

std::optional<int64_t> ReadNumber(const model::Value& value, int64_t least,
                                  int64_t most);

/// At most a day.
void ReadSeconds(const model::Value& value, int64_t least,
                 std::chrono::milliseconds& out);

void ReadAbsolutePath(const model::Value& value, size_t max_size,
                      std::string& out);

/// A list of "10.0.0.0/8", added to `out`.
void ReadRanges(const model::Value& value,
                std::vector<proxy::AddressRange>& out);

/// What `parse` makes of a text; its error is the fix.
template <typename T>
void ReadParsed(const model::Value& value, Result<T> (*parse)(std::string_view),
                T& out) {
  std::string text;
  Read(value, text);
  if (Result<T> parsed = parse(text)) {
    out = *std::move(parsed);
  } else {
    Invalid(value, "not understood", parsed.error().message);
  }
}

}  // namespace claviger::sidecar

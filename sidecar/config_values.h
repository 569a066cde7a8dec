// SPDX-License-Identifier: Apache-2.0
//
// Values of the sidecar's configuration beside those of every file
// (model/setting_values.h), by the same rules. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/setting_values.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar {

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
    Refuse(value, "not understood", parsed.error().message);
  }
}

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// Values of configuration keys, checked: each complains with what is wrong and
// how to put it right, and leaves its output alone then. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/decoder.h"

namespace claviger::op {

void Refuse(const model::Value& value, std::string what, std::string fix);

/// Text that `matches`; `what` says what it should be: "a cluster's name".
void ReadMatching(const model::Value& value, bool (*matches)(std::string_view),
                  std::string_view what, std::string& out);

/// A number from `least` to `most`.
std::optional<int64_t> ReadNumber(const model::Value& value, int64_t least,
                                  int64_t most);

/// Whole seconds, from 1 to a day.
void ReadSeconds(const model::Value& value, std::chrono::milliseconds& out);

void ReadAbsolutePath(const model::Value& value, std::string& out);

/// "https://host[:port]", or http.
void ReadAddress(const model::Value& value, std::string& out);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// Values of settings, checked: each complains in the value's report with what
// is wrong and how to put it right, and leaves its output alone then. For the
// configuration files of the operator and of the sidecar. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/decoder.h"

namespace claviger::model {

void Refuse(const Value& value, std::string what, std::string fix);

/// Text that `matches`; `what` says what it should be: "a cluster's name".
void ReadMatching(const Value& value, bool (*matches)(std::string_view),
                  std::string_view what, std::string& out);

/// A number from `least` to `most`.
std::optional<int64_t> ReadNumber(const Value& value, int64_t least,
                                  int64_t most);

/// Whole seconds, from `least` to a day.
void ReadSeconds(const Value& value, int64_t least,
                 std::chrono::milliseconds& out);

/// "https://host[:port]", or http.
void ReadAddress(const Value& value, std::string& out);

}  // namespace claviger::model

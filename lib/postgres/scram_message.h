// SPDX-License-Identifier: Apache-2.0
//
// What both sides of SCRAM do with its messages. For scram.cc and
// scram_server.cc. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/secret.h"

namespace claviger::postgres {

inline constexpr size_t kMaxScramMessage = 4'096;

/// Takes "<name>=<value>" off the front, up to the next comma or the end.
std::optional<std::string_view> TakeScram(std::string_view& rest, char name);

/// Exclusive or; empty where the sizes differ.
Secret XorScram(std::string_view a, std::string_view b);

}  // namespace claviger::postgres

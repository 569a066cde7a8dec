// SPDX-License-Identifier: Apache-2.0
//
// What a verified token says, held against a clock and against what a role
// asks for. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace claviger::dev {

/// Seconds of tolerance; 0 means Vault's default, negative none.
struct Leeways {
  int64_t clock_skew = 0;  // default 60
  int64_t expiration = 0;  // default 150, where the token has no `exp`
  int64_t not_before = 0;  // default 150, where it has no `nbf`
};

/// kUnauthenticated with Vault's reason: expired, not yet valid, no times.
Status CheckTimes(const nlohmann::json& claims, Time now,
                  const Leeways& leeways);

/// The `aud` claim as a list, without empty ones.
std::vector<std::string> AudiencesOf(const nlohmann::json& claims);
/// True where the lists have one in common.
bool AnyInCommon(const std::vector<std::string>& left,
                 const std::vector<std::string>& right);

/// A claim by name, or by JSON pointer ("/a/b"); null where there is none.
const nlohmann::json* FindClaim(const nlohmann::json& claims,
                                const std::string& name);

/// Every bound claim has one of its values; `glob`: values are patterns.
Status CheckBoundClaims(const nlohmann::json& claims,
                        const nlohmann::json& bound, bool glob);

}  // namespace claviger::dev

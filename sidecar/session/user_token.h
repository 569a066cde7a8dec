// SPDX-License-Identifier: Apache-2.0
//
// A JWT as far as it is looked at without being verified: of an end user's
// enough to know which role to ask for, and when to forget it; of the pod's own
// whose it is. Nothing here says that a token is genuine. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/caller.h"
#include "base/result.h"
#include "base/time.h"

namespace claviger::sidecar {

struct UserToken {
  std::string user;       // the configured claim
  access::Claims claims;  // texts and lists of texts; others are left out
  std::optional<Time> expires_at;
};

/// The bound on the header X-Claviger-User-Token.
inline constexpr size_t kMaxUserTokenBytes = size_t{16} * 1024;

/// Reads the payload of `jwt`. kInvalidArgument where it is no JWT, is too
/// long, or names no user in `user_claim`; the message holds nothing of it.
Result<UserToken> PeekUserToken(std::string_view jwt,
                                std::string_view user_claim);

/// The uid of the service account that the pod's token is of; empty where it
/// names none. Good for refusing only.
std::string PeekAccountUid(std::string_view jwt);

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// A TokenReview, there and back: whose token it is, in the API server's word.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace claviger::op::push {

/// Whether it is worth asking: a JWT of at most 16 KiB that claims this
/// audience and has not ended. Proves nothing.
bool LooksRight(std::string_view token, std::string_view audience, Time now);

/// The review to create. It holds the token.
std::string ReviewOf(std::string_view token, std::string_view audience);

/// The principal's id ("sa.reports.nightly") of the service account whose
/// token it is. kUnauthenticated where it is none, or not for this audience;
/// kMalformed for what is no review.
Result<std::string> PrincipalIn(std::string_view review,
                                std::string_view audience);

}  // namespace claviger::op::push

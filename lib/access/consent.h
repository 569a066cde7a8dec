// SPDX-License-Identifier: Apache-2.0
//
// Consent is to what was seen: a Grant that was given to one Connection, or to
// one endpoint, gives nothing to what has taken its place. Pure.
#pragma once

#include <optional>

#include "model/objects.h"

namespace claviger::access {

/// The stamp that fits `grant` on `connection` now: what the webhook writes.
model::Stamp StampFor(const model::Connection& connection,
                      const model::Grant& grant);

/// Why `grant` gives nothing on `connection`: ConnectionReplaced,
/// EndpointChanged, or NotStamped where `required` says that every Grant must
/// carry a stamp. Nothing for a Deny: it counts whatever took the place.
std::optional<model::Refusal> CheckConsent(const model::Connection& connection,
                                           const model::Grant& grant,
                                           bool required);

/// Sets Grant::inert where it is not set yet, and says so for each inert Grant
/// among the problems, as a warning.
void JudgeConsent(bool required, model::Objects& objects);

/// Whether an inert Grant still keeps its Vault path from others: not where
/// nobody has stood behind it since (ConnectionReplaced, Restored).
bool KeepsClaims(const model::Grant& grant);

}  // namespace claviger::access

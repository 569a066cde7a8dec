// SPDX-License-Identifier: Apache-2.0
//
// What the decision log is told of a call of the local API. Pure.
#pragma once

#include <string_view>

#include "base/time.h"
#include "sidecar/api/call.h"
#include "sidecar/api/credential_resolver.h"
#include "sidecar/decisions/record.h"

namespace claviger::sidecar {

/// Of the routes about a credential that others keep.
DecisionKind KindOf(Route route);

/// The question that a call of this kind puts.
access::Question QuestionOf(const Call& call, DecisionKind kind,
                            const View& view);

/// Allowed, by these bindings.
DecisionRecord RecordOf(const Call& call, DecisionKind kind, const View& view);
/// The same with the slot, and the read of Vault that it came by.
DecisionRecord RecordOf(const Call& call, DecisionKind kind,
                        const Resolved& resolved);

/// The refusal's record: with the step that decided, which the answer may not
/// tell (WorkloadNotAllowed).
DecisionRecord RefusalOf(const Call& call, DecisionKind kind, const View& view,
                         std::string_view reason, Time now);

}  // namespace claviger::sidecar

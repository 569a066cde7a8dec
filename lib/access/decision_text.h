// SPDX-License-Identifier: Apache-2.0
//
// The words around a decision: names of reasons and statuses, who allowed or
// denied, and what would help. Kept apart so that the decision reads as the
// rules do. Pure; for lib/access only.
#pragma once

#include <string>
#include <vector>

#include "access/decision.h"

namespace claviger::access {

/// "a, b, c".
std::string Join(const std::vector<std::string>& names);

/// What gives `use` now: "ownership", "sharing mode Organization",
/// "grant/nightly-report".
std::string UseSource(const Binding& binding, Time now);

/// Which Grants deny `privilege` now.
std::string DenySource(const Binding& binding, model::Privilege privilege,
                       Time now);

/// Fills detail and fix for the refused decision's reason.
void DescribeRefusal(const Binding& binding, const Question& question,
                     Decision& decision);

/// The one answer for connections that are unknown and those that the caller
/// may not see: nothing in it may tell the two apart.
void DescribeNotVisible(Decision& decision);

}  // namespace claviger::access

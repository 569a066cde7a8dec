// SPDX-License-Identifier: Apache-2.0
//
// Whether a Connection's provider, credential type, sharing mode, disclosure
// and endpoint fit together. What does not is refused with the fix. Pure.
#pragma once

#include <vector>

#include "model/connection.h"
#include "model/objects.h"
#include "providers/catalogue.h"

namespace claviger::providers {

/// Every problem of one Connection; kInvalid ones refuse it. Fields that are
/// absent are not complained about: decoding has done so.
std::vector<model::Problem> CheckCompatibility(
    const model::Connection& connection);

/// Checks all Connections, and the credentials of the Grants on them: appends
/// the problems and sets `refused` (InvalidSpec) where it is not set yet.
void CheckProviders(model::Objects& objects);

}  // namespace claviger::providers

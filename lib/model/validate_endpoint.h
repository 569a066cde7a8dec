// SPDX-License-Identifier: Apache-2.0
//
// The part of validation that concerns where a connection leads. Pure.
#pragma once

#include "model/connection.h"
#include "model/report.h"

namespace claviger::model {

void CheckEndpoint(const Endpoint& endpoint, bool server_side_only,
                   Report& report);

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
//
// The rules that one object must keep by itself: names, bounds, ranges, what
// goes together. Rules across objects are elsewhere (lint.h, lib/providers).
// Pure.
#pragma once

#include "model/connection.h"
#include "model/grant.h"
#include "model/group.h"
#include "model/report.h"

namespace claviger::model {

void Validate(const Connection& connection, Report& report);
void Validate(const Grant& grant, Report& report);
void Validate(const Group& group, Report& report);

}  // namespace claviger::model

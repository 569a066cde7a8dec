// SPDX-License-Identifier: Apache-2.0
//
// What is valid, but across objects probably not what was meant: references
// that lead nowhere, cycles, credentials that the mode ignores. Warnings only;
// no decision depends on them. Pure.
#pragma once

#include <vector>

#include "model/objects.h"

namespace claviger::model {

/// Every warning about objects that were not refused, in their order.
std::vector<Problem> FindWarnings(const Objects& objects);

}  // namespace claviger::model

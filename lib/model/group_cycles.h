// SPDX-License-Identifier: Apache-2.0
//
// Which groups lie on a cycle of membership. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/group.h"

namespace claviger::model {

/// The names of the groups that contain themselves, directly or through
/// others. Linear in groups and nested memberships.
std::set<std::string> FindCyclicGroups(const std::vector<Group>& groups);

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
//
// Whose a Vault path is: it belongs to who named it first (design.md section
// 2), or whoever may create a Connection could point another's password at a
// host of their own. For lib/access only. Pure.
#pragma once

#include "access/path_rules.h"
#include "model/objects.h"

namespace claviger::access {

/// Refuses (PathNotAllowed) what names a path that `rules` do not allow, then
/// (PathClaimed) what names a path that a Connection of another owner named
/// first, by its default slot or by a Grant on it. A refused Grant gives
/// nothing, a refused Connection is NotReady. Adds a problem for each.
void RefusePaths(const PathRules& rules, model::Objects& objects);

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with the objects, kept up to date by what a part of them shows.
// Pure.
#pragma once

#include <vector>

#include "access/object_index.h"
#include "access/snapshot.h"
#include "model/object.h"

namespace claviger::op {

/// Puts what `snapshot` finds wrong with the objects of `part`, and with what
/// ended, in place of what `problems` said about them.
void ReplaceProblems(const access::Snapshot& snapshot,
                     const access::Concerned& part, const access::Edits& edits,
                     std::vector<model::Problem>& problems);

}  // namespace claviger::op

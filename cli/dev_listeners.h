// SPDX-License-Identifier: Apache-2.0
//
// What the sidecars of a development run listen with: for each of its service
// accounts every server-side-only connection that it can see, as if a pod had
// named all of them. Pure.
#pragma once

#include <vector>

#include "access/snapshot.h"
#include "base/time.h"
#include "providers/listeners.h"

namespace claviger::cli {

/// Each with any free port; as many as one sidecar takes.
std::vector<providers::ListenWish> ListenersFor(
    const access::Snapshot& snapshot, const model::ObjectRef& account,
    Time now);

}  // namespace claviger::cli

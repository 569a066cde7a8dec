// SPDX-License-Identifier: Apache-2.0
//
// The operator on a directory of manifests. For main.cc.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "operator/process/parts.h"

namespace claviger::op {

/// Reconciles until the stop signal. kConflict where another cluster has our
/// name. Blocking.
Status RunOnManifests(const Parts& parts);

/// Waits until the cluster's name in Vault is ours; false when the process is
/// to end, kConflict where another cluster has it. `waiting`, if given, is
/// called with each reason to wait.
Result<bool> ClaimName(
    const Parts& parts, const std::string& cluster_uid, Store& store,
    const std::function<void(const Error&)>& waiting = nullptr);

}  // namespace claviger::op

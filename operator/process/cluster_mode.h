// SPDX-License-Identifier: Apache-2.0
//
// The operator on the Kubernetes API: informers on every replica, one leader
// that writes. For main.cc.
#pragma once

#include <string>

#include "base/result.h"
#include "kube/transport.h"
#include "operator/process/parts.h"

namespace claviger::op {

struct ClusterPorts {
  kube::Transport& objects;
  /// Of its own, so that a slow list cannot lose the lease.
  kube::Transport& lease;
  /// This process and no other, ever: the pod's name and something random.
  std::string instance;
  /// By which sidecars reach this process; empty: they are told nothing.
  std::string pod_address = {};
};

/// Runs until the stop signal. kUnavailable when leadership was lost: the
/// process then ends, so that nothing of it can write any more; kConflict
/// where another cluster has our name. Blocking.
Status RunOnCluster(const Parts& parts, const ClusterPorts& ports);

}  // namespace claviger::op

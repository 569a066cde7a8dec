// SPDX-License-Identifier: Apache-2.0
//
// What /metrics says of the Kubernetes API server: whether the objects can be
// followed there, whether this replica leads, and which pods lack their
// sidecar. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/informer.h"
#include "operator/kube/uninjected_pods.h"

namespace claviger::op {

class ClusterMetrics {
 public:
  struct Followed {
    std::string resource;  // "grants"
    std::function<kube::Informer::Stats()> stats;
  };

  /// Everything given must outlive this object.
  ClusterMetrics(std::vector<Followed> followed, const Clock& clock,
                 std::function<bool()> leads,
                 std::function<UninjectedPods::Counts()> uninjected);
  ~ClusterMetrics();

  /// In Prometheus' text format, as things are now.
  std::string Serialize();

 private:
  struct Families;
  struct Series;

  const std::vector<Followed> followed_;
  const Clock& clock_;
  const std::function<bool()> leads_;
  const std::function<UninjectedPods::Counts()> uninjected_;
  std::unique_ptr<Families> families_;
  std::vector<Series> series_;
};

}  // namespace claviger::op

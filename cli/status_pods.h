// SPDX-License-Identifier: Apache-2.0
//
// Pods that asked for the sidecar: those that run without it, and what the
// others listen for, as the API server shows them to whoever asks. Blocking;
// one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "operator/inject/without_sidecar.h"
#include "providers/listeners.h"

namespace claviger::cli {

struct PodLine {
  kube::ObjectName name;
  op::inject::WithoutSidecar why = op::inject::WithoutSidecar::kNotInjected;
};

struct LabelledPods {
  /// False where whoever asks may not list pods: nothing is known of them.
  bool known = false;
  int asked = 0;
  std::vector<PodLine> without;
  /// In how many of them a connection is listened for; without ports.
  std::map<providers::ListenWish, int> listeners;
};

/// `ns`: of one namespace; empty: of all. Where whoever asks may not read the
/// webhook's configuration, only kube-system and `operator_ns` count as left
/// out.
Result<LabelledPods> ReadLabelledPods(const kube::Client& client,
                                      const std::string& ns,
                                      const std::string& operator_ns);

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// What the API server says about all our objects, for one screen: how many of
// which kind are ready, which are not and why, who leads, and which pods lack
// their sidecar. Read once, page by page, holding no more than a line for each
// object. Blocking; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/status_pods.h"
#include "kube/client.h"
#include "kube/lease.h"
#include "operator/kube/held_back.h"

namespace claviger::cli {

struct ObjectLine {
  std::string kind;  // "Connection"
  kube::ObjectName name;
  /// True, False, or nothing while the operator has not judged this generation.
  std::optional<bool> ready;
  std::string reason;  // of what is not ready
  std::string message;
  std::string about;  // "postgresql, Groups"; "warehouse, Allow"
  int64_t generation = 0;
};

struct StatusReport {
  std::vector<ObjectLine> objects;
  /// Who leads; nothing where there is no such Lease.
  std::optional<kube::Lease> lease;
  LabelledPods pods;
  /// What is gone unexplained and waits for a person, as the leader says.
  std::vector<op::HeldBack> held_back;
};

/// `ns`: of one namespace (and all Groups); empty: of all. `lease`: of the
/// operators' election. kUnsupported where the kinds are not installed.
Result<StatusReport> ReadStatusReport(const kube::Client& client,
                                      const std::string& ns,
                                      const kube::ObjectName& lease);

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// What the webhook is told by the configuration. A plain value.
#pragma once

#include <string>
#include <vector>

#include "access/snapshot.h"
#include "operator/config.h"

namespace claviger::op::webhook {

struct Settings {
  /// Who may do everything in some namespaces; "*" also makes them
  /// administrators of Groups.
  std::vector<Admins> admins;
  /// The same rules that the operator's snapshot is built with.
  access::SnapshotSettings snapshot;
  /// The operator itself: it may change metadata, and nothing else. Written as
  /// "system:serviceaccount:<namespace>:<name>".
  std::string operator_user;
};

}  // namespace claviger::op::webhook

// SPDX-License-Identifier: Apache-2.0
//
// What every injected sidecar is like. All of it comes from the operator's
// configuration: nothing that a pod, or its namespace, says can change Vault's
// address, its authorities, the auth mount, the audience or the image. A plain
// value.
#pragma once

#include <cstdint>
#include <string>

#include "operator/inject/resources.h"

namespace claviger::op::inject {

struct Settings {
  std::string image;  // empty: nothing is injected
  std::string pull_policy = "IfNotPresent";
  /// 0: none is written, as where OpenShift chooses one.
  int64_t run_as_user = 65'532;
  std::string log_level = "info";
  Resources resources;
  std::string audience;
  std::string push_audience;  // empty: sidecars are not told of changes
  /// What the sidecar gets as --settings: SidecarText's.
  std::string sidecar_text;
};

}  // namespace claviger::op::inject

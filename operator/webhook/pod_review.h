// SPDX-License-Identifier: Apache-2.0
//
// An AdmissionReview of a new pod. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::op::webhook {

struct PodReview {
  std::string uid;
  std::string ns;
  std::string name;  // of `generateName`: its beginning
  nlohmann::json pod;
};

/// kTooLarge or kMalformed; kUnsupported for another version, another kind, or
/// anything but creating.
Result<PodReview> ParsePodReview(std::string_view body);

}  // namespace claviger::op::webhook

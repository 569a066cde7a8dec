// SPDX-License-Identifier: Apache-2.0
//
// What a pod asks of the injector, by its annotations: where the socket goes,
// which connections get variables, and how much the sidecar may use. Nothing
// else can be asked for. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/object.h"
#include "operator/inject/settings.h"

namespace claviger::op::inject {

struct Wishes {
  /// Names of containers, init containers among them; never empty.
  std::vector<std::string> containers;
  std::vector<model::ObjectRef> connections;
  Resources resources;
  std::string log_level;
};

/// Of a pod with a sound spec. kInvalidArgument: an annotation of ours that is
/// unknown, malformed, or names a container that is not there; the message
/// says which and what to write.
Result<Wishes> ReadWishes(const nlohmann::json& pod, const Settings& settings);

}  // namespace claviger::op::inject

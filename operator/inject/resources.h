// SPDX-License-Identifier: Apache-2.0
//
// What a sidecar may use, as Kubernetes writes it. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::op::inject {

/// By name (cpu, memory, ephemeral-storage), as quantities ("5m", "16Mi").
using Quantities = std::map<std::string, std::string>;

struct Resources {
  Quantities requests = {
      {"cpu", "5m"}, {"memory", "16Mi"}, {"ephemeral-storage", "1Mi"}};
  // None on CPU: a throttled sidecar throttles its application.
  Quantities limits = {{"memory", "32Mi"}, {"ephemeral-storage", "128Mi"}};
};

/// kInvalidArgument, with what is wrong, for a resource that is not one of the
/// three or no quantity.
Status CheckQuantities(const Quantities& quantities);

/// Reads {"requests": {...}, "limits": {...}} over what is in `into`.
/// kInvalidArgument as above, or for anything else in it.
Status ReadResources(std::string_view json, Resources& into);

}  // namespace claviger::op::inject

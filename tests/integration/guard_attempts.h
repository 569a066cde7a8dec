// SPDX-License-Identifier: Apache-2.0
//
// Pods that are nearly what the injector writes, each with the one change that
// would give an application the sidecar's token, and the guard's answer to it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace claviger::testing {

struct Attempt {
  const char* what;
  std::function<void(nlohmann::json& spec, nlohmann::json& sidecar)> change;
  const char* why;
};

/// Changes of the sidecar's container, and of the pod around it.
const std::vector<Attempt>& AgainstTheSidecar();
const std::vector<Attempt>& AroundTheSidecar();

/// A volume with a token; without an audience, one of the API server's.
nlohmann::json TokenVolume(const std::string& audience,
                           const std::string& name = "token");
nlohmann::json Mount(const char* volume, const char* path);
/// The first container of a pod's spec.
nlohmann::json& App(nlohmann::json& spec);

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Pods as people write them (golden/NAME.yaml) and what becomes of them
// (golden/NAME.json: the injected pod, or {"refused": "..."}), with the
// settings and the connections of all of them. For the unit tests and those
// with a real API server.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/inject/inject.h"

namespace claviger::testing {

struct GoldenPod {
  std::string name;
  nlohmann::json pod;
  nlohmann::json expected;
};

/// All of a directory, by name. Fails the test where one cannot be read.
std::vector<GoldenPod> GoldenPods(const std::string& directory);

op::inject::Settings GoldenSettings();
/// Of the namespace "shop", on a new enough server, with two connections.
op::inject::Surroundings GoldenSurroundings();

/// The pod with the patch applied, or {"refused": message}.
nlohmann::json AfterInjection(const nlohmann::json& pod,
                              const op::inject::Outcome& outcome);

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// What the injector adds, as Kubernetes writes it, every default spelt out: an
// API server that fills in others would make the second look at a pod differ
// from the first. The guard compares with the same (operator/guard/pods.yaml).
// For this folder only. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/object.h"
#include "operator/inject/settings.h"
#include "operator/inject/wishes.h"

namespace claviger::op::inject {

nlohmann::json SidecarContainer(const Settings& settings, const Wishes& wishes,
                                const model::ObjectRef& account);

/// Keeps of the container that is there already what the cluster's own
/// admission sets (LimitRanger, AlwaysPullImages, security context
/// constraints), so that it is not set back and forth.
void KeepDefaults(const nlohmann::json& present, nlohmann::json& container);

nlohmann::json TokenVolume(const Settings& settings);
nlohmann::json RunVolume();
/// The application's.
nlohmann::json RunMount();

}  // namespace claviger::op::inject

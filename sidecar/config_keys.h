// SPDX-License-Identifier: Apache-2.0
//
// The table of the configuration's keys: the name, what it means, and what
// becomes of its value. Pure.
#pragma once

#include "sidecar/config.h"

namespace claviger::sidecar {

/// What is being filled in: some keys only make sense together.
struct Draft {
  Config config;
  HealthSettings health;
};

/// Puts the value of ConfigKeys()[key] into the draft, or complains about it.
void ReadKey(size_t key, const model::Value& value, Draft& draft);

}  // namespace claviger::sidecar

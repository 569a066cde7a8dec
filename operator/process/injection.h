// SPDX-License-Identifier: Apache-2.0
//
// What the injector is to write, from the configuration and the file of
// Vault's authorities. For main.cc and the webhook.
#pragma once

#include "base/result.h"
#include "operator/config.h"
#include "operator/inject/settings.h"

namespace claviger::op {

/// Reads the file of authorities. Without an image, settings that inject
/// nothing. kInvalidArgument where the configuration cannot be given to pods;
/// ReadFile's errors. Blocking.
Result<inject::Settings> InjectionOf(const Config& config);

}  // namespace claviger::op

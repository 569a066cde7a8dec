// SPDX-License-Identifier: Apache-2.0
//
// The questions that lib/access asks of the provider catalogue. Pure.
#pragma once
#include <string_view>
#include "model/objects.h"
namespace claviger::providers {
bool HasInjector(std::string_view id);
void CheckProviders(model::Objects& objects);
}  // namespace claviger::providers

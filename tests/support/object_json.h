// SPDX-License-Identifier: Apache-2.0
//
// Objects as the JSON that the Kubernetes API takes: the way back from values,
// for tests that put random worlds into a cluster. Pure.
#pragma once

#include <string>

#include "model/connection.h"
#include "model/grant.h"
#include "model/group.h"

namespace claviger::testing {

/// The whole object: apiVersion, kind, metadata (name and namespace only) and
/// spec. What equals a default is said all the same.
std::string ObjectJson(const model::Connection& connection);
std::string ObjectJson(const model::Grant& grant);
std::string ObjectJson(const model::Group& group);

}  // namespace claviger::testing

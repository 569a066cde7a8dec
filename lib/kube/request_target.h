// SPDX-License-Identifier: Apache-2.0
//
// A request's path and query as they are sent: encoded from their parts, so
// that no part can become more than one. Pure.
#pragma once

#include <string>

#include "kube/transport.h"

namespace claviger::kube {

/// "/api/v1/pods?labelSelector=a%3Db"
std::string TargetOf(const Request& request);

}  // namespace claviger::kube

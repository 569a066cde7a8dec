// SPDX-License-Identifier: Apache-2.0
//
// A real API server made ready for tests of lib/kube.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "kube/cpprest_transport.h"
#include "support/real_servers.h"

namespace claviger::testing {

/// How its administrator logs in.
kube::Cluster AdminOf(const RealKubeApiServer& server);

/// Applies crds/ and waits until the kinds are served.
Status InstallDefinitions(const RealKubeApiServer& server);

}  // namespace claviger::testing

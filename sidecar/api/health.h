// SPDX-License-Identifier: Apache-2.0
//
// /healthz, /readyz and /metrics, on a port of their own. Liveness says that
// the process serves, whatever Vault does; readiness that bindings are at
// hand, and wanted files written. Thread-safe.
#pragma once

#include <memory>

#include "http/server.h"
#include "sidecar/metrics.h"
#include "sidecar/session/session.h"

namespace claviger::sidecar {

/// The answer to one request of a probe or of Prometheus. `settled`: wanted
/// files were written once.
http::ServerResponse HealthAnswer(const http::ServerRequest& request,
                                  const Standing& standing, bool settled,
                                  const Metrics& metrics);

}  // namespace claviger::sidecar

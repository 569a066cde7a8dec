// SPDX-License-Identifier: Apache-2.0
//
// /healthz, /readyz and /metrics. Liveness says that the process serves,
// whatever Vault does; readiness that Vault was reached and the objects were
// read. Thread-safe.
#pragma once

#include <atomic>

#include "http/server.h"
#include "operator/metrics.h"
#include "operator/pass_report.h"

namespace claviger::op {

class Health {
 public:
  explicit Health(const Metrics& metrics) : metrics_(metrics) {}

  /// The outcome of one pass.
  void Saw(const PassReport& report);
  /// A replica that does not lead: whether it could take over.
  void Stands(bool ready);

  http::ServerResponse ProbeAnswer(const http::ServerRequest& request) const;
  http::ServerResponse MetricsAnswer(const http::ServerRequest& request) const;

 private:
  enum class State { kStarting, kReady, kVaultAway };

  const Metrics& metrics_;
  std::atomic<State> state_{State::kStarting};
};

}  // namespace claviger::op

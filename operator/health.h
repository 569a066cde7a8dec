// SPDX-License-Identifier: Apache-2.0
//
// /healthz, /readyz and /metrics. Liveness says that the process serves,
// whatever Vault does; readiness that Vault was reached and the objects were
// read. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "http/server.h"
#include "operator/metrics.h"
#include "operator/pass_report.h"

namespace claviger::op {

class Health {
 public:
  explicit Health(const Metrics& metrics) : metrics_(metrics) {}

  /// The outcome of one pass.
  void Saw(const PassReport& report);
  /// Of a replica of several: whether it knows the objects. Vault's state does
  /// not count, since a webhook must serve while Vault is away.
  void Stands(bool ready);
  /// Readiness also needs this, and metrics also say that; both are called on
  /// the serving thread. Empty functions: no more.
  void Add(std::function<bool()> ready, std::function<std::string()> metrics);

  http::ServerResponse ProbeAnswer(const http::ServerRequest& request) const;
  http::ServerResponse MetricsAnswer(const http::ServerRequest& request) const;

 private:
  bool RestIsReady() const;

  enum class State { kStarting, kReady, kVaultAway };

  const Metrics& metrics_;
  mutable std::mutex mutex_;  // guards the next two
  std::function<bool()> also_ready_;
  std::function<std::string()> also_metrics_;
  std::atomic<State> state_{State::kStarting};
};

}  // namespace claviger::op

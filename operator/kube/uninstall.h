// SPDX-License-Identifier: Apache-2.0
//
// Takes the operator out of a cluster that keeps its objects: no replica writes
// any more, and our finalizer is off every object, so that each can be deleted
// afterwards. Vault stays as it is. For the Job that the chart runs before it
// is uninstalled (docs/adr/0014). One thread; blocking.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"

namespace claviger::op {

struct UninstallSettings {
  kube::ObjectName lease;
  /// Of this process and no other, ever.
  std::string identity;
  /// How long objects whose deletion is under way may take to end properly.
  std::chrono::seconds patience{30};
  /// After this long without its lease, a leader writes nothing more.
  std::chrono::seconds leader_stops{10};
};

struct UninstallReport {
  size_t released = 0;
  /// Of these, deleted ones that still have access in Vault.
  size_t unrevoked = 0;
};

/// `sleep` waits, and says false when the process is to end (kUnavailable).
/// May be repeated at any time. The lease is taken for two minutes, in which
/// the operator's pods must be gone; after that they would begin anew.
Result<UninstallReport> Uninstall(
    const kube::Client& client, const UninstallSettings& settings,
    const Clock& clock, Logger& log,
    const std::function<bool(std::chrono::milliseconds)>& sleep);

}  // namespace claviger::op

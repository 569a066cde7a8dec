// SPDX-License-Identifier: Apache-2.0
#include "operator/process/manifest_mode.h"

#include <chrono>
#include <utility>

#include "operator/cluster_claim.h"
#include "operator/loop.h"
#include "operator/manifest_source.h"
#include "operator/vault_store.h"

namespace claviger::op {
namespace {

using std::chrono::milliseconds;

}  // namespace

Result<bool> ClaimName(const Parts& parts, const std::string& cluster_uid,
                       Store& store,
                       const std::function<void(const Error&)>& waiting) {
  if (cluster_uid.empty()) {
    parts.log.Warning(
        "clusterUid is not set: a second cluster of this name would not be "
        "noticed");
    return true;
  }
  constexpr milliseconds kPause{5'000};
  while (true) {
    const Status claimed =
        ClaimCluster(store, parts.config.layout.cluster, cluster_uid);
    if (claimed) return true;
    if (claimed.error().code == ErrorCode::kConflict) {
      return Fail(claimed.error());
    }
    parts.log.Warning("cluster name not claimed yet",
                      {{"error", claimed.error().message}});
    if (waiting) waiting(claimed.error());
    if (!parts.stop.SleepFor(kPause)) return false;
  }
}

Status RunOnManifests(const Parts& parts) {
  const Config& config = parts.config;
  VaultSession session(parts.api, LoginSettingsOf(config), parts.clock,
                       parts.random, parts.log);
  VaultStore store(parts.api, session, config.layout.mount);
  const Result<bool> claimed = ClaimName(parts, config.cluster_uid, store);
  if (!claimed) return Fail(claimed.error());
  if (*claimed) {
    ManifestSource source(config.manifests);
    ReconcilerSettings settings = ReconcilerSettingsOf(config);
    settings.writers = kWriters;
    Reconciler reconciler(std::move(settings), store);
    Loop loop(source, reconciler, parts.clock, parts.random, parts.log,
              {.poll = config.poll, .drift_round = config.drift_round},
              [&parts](const PassReport& report, milliseconds took) {
                parts.metrics.Count(report, took, parts.clock.Now());
                parts.health.Saw(report);
              });
    parts.log.Info("reconciling", {{"manifests", config.manifests}});
    while (parts.stop.WaitFor(loop.Turn())) {
    }
  }
  session.Close();
  return {};
}

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// A sidecar without its sockets and threads: everything between a request and
// Vault, wired together. Handle and Health are thread-safe and never block;
// worker() is to be run by exactly one thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "http/server.h"
#include "sidecar/api/guard.h"
#include "sidecar/api/local_api.h"
#include "sidecar/api/refetch_limit.h"
#include "sidecar/api/served.h"
#include "sidecar/api/watch_hub.h"
#include "sidecar/credentials/cache.h"
#include "sidecar/decisions/log.h"
#include "sidecar/engines/engines.h"
#include "sidecar/files/keeper.h"
#include "sidecar/files/notifier.h"
#include "sidecar/metrics.h"
#include "sidecar/personal/slots.h"
#include "sidecar/probe/probe.h"
#include "sidecar/proxy/credential_access.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/push/client.h"
#include "sidecar/session/session.h"
#include "sidecar/session/user_sessions.h"
#include "sidecar/settings.h"
#include "sidecar/sidecar.h"
#include "sidecar/upkeep.h"
#include "sidecar/vault_circuit.h"
#include "sidecar/worker.h"

namespace claviger::sidecar {

class Core {
 public:
  Core(Settings settings, Dependencies dependencies);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// The first login is made as soon as the worker runs. Fails where wanted
  /// files have no place.
  Status Begin();

  void Handle(const Guard& guard, const http::ServerRequest& request,
              std::shared_ptr<http::Responder> responder);
  http::ServerResponse Health(const http::ServerRequest& request) const;

  /// What is listened on, for the API to show. Before anything is served.
  void SetListeners(std::vector<proxy::OpenListener> listeners) {
    listeners_ = std::move(listeners);
  }
  const std::vector<proxy::OpenListener>& listeners() const {
    return listeners_;
  }
  /// What tests connections; outlives what is served. Before anything is.
  void SetProbe(probe::Probe& probe) { probe_ = &probe; }
  /// Called on the worker's thread when what may be used has changed. Before
  /// anything is served.
  void SetOnChange(std::function<void()> on_change) {
    on_change_ = std::move(on_change);
  }
  /// For what is proxied: asks the same questions and uses the same cache.
  std::unique_ptr<proxy::Access> MakeAccess(proxy::CredentialAccess::Post post);

  Metrics& metrics() { return metrics_; }
  DecisionLog& decisions() { return decisions_; }
  Worker& worker() { return worker_; }
  const Settings& settings() const { return settings_; }
  const Dependencies& dependencies() const { return deps_; }

  /// Removes files and ends all logins in Vault. After the worker has stopped;
  /// blocks.
  void End();

 private:
  CredentialSource Source();
  push::Client::Parts PushParts();
  Result<access::PushDocument> FindPush();
  PersonalStore Store();
  Result<Obtained> ReadCredential(const model::VaultRef& ref, bool urgent);

  const Settings settings_;
  VaultCircuit circuit_;
  const Dependencies deps_;
  Metrics metrics_;
  Worker worker_;
  DecisionLog decisions_;
  WatchHub watch_;
  ServedAnswers served_;
  Engines engines_;
  CredentialCache cache_;
  PersonalSlots personal_;
  Upkeep upkeep_;
  Session session_;
  UserSessions users_;
  RefetchLimit refetches_;
  std::vector<proxy::OpenListener> listeners_;
  std::function<void()> on_change_;
  probe::Probe* probe_ = nullptr;
  LocalApi api_;
  files::Notifier notifier_;
  files::Keeper files_;
  push::Client push_;
};

}  // namespace claviger::sidecar

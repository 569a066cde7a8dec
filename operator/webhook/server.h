// SPDX-License-Identifier: Apache-2.0
//
// The whole webhook: its listener, its certificates and its desk, with a thread
// to serve and one for upkeep. Started once on every replica, leader or not;
// needs nothing of Vault. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/client.h"
#include "operator/webhook/certificates.h"
#include "operator/webhook/desk.h"
#include "operator/webhook/pod_desk.h"

namespace claviger::op::webhook {

struct WebhookOptions {
  Settings settings;
  inject::Settings injection;
  Desk::Patience patience;
  std::string address = "0.0.0.0";
  uint16_t port = 8443;
  size_t max_connections = 256;
  CertificateSettings certificates;
  /// How often certificates and bundle are looked at; once a second until all
  /// is well.
  std::chrono::milliseconds upkeep{60'000};
};

/// What the webhook uses; all of it outlives the webhook.
struct WebhookPorts {
  const kube::Client& client;
  const Clock& clock;
  Random& random;
  Logger& log;
  Counters& counters;
};

class Webhook {
 public:
  virtual ~Webhook() = default;

  /// Judges by this snapshot from now on. To be called with each change of the
  /// objects, whatever becomes of the pass over Vault: a snapshot that is
  /// behind makes new Grants wait for their Connections.
  virtual void Publish(std::shared_ptr<const access::Snapshot> snapshot) = 0;

  /// True once there is a snapshot and a call by the published bundle and the
  /// service's name has come through.
  virtual bool Ready() const = 0;
  virtual uint16_t port() const = 0;

  /// What it shows, for another listener of this process.
  virtual std::shared_ptr<const http::CertificateStore> certificates()
      const = 0;
  /// The authorities that vouch for it (PEM), as last published; empty: not
  /// yet.
  virtual std::string authorities() const = 0;
};

/// Listens and starts both threads; its end lets answers under way finish.
/// Fails when it cannot listen, or without a DNS name.
Result<std::unique_ptr<Webhook>> StartWebhook(const WebhookOptions& options,
                                              const WebhookPorts& ports);

}  // namespace claviger::op::webhook

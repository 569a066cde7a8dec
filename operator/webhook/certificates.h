// SPDX-License-Identifier: Apache-2.0
//
// Keeps the webhook's serving certificate good. By itself (docs/adr/0009): an
// authority in memory, its public half in the caBundle of the webhook's
// configurations, a leaf in the store. Or from two files (cert-manager), read
// again when they change; the bundle is then somebody else's matter. One
// thread; blocks for calls on the API server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "http/certificate_store.h"
#include "kube/client.h"
#include "operator/webhook/authority.h"
#include "operator/webhook/counters.h"
#include "operator/webhook/rotation.h"

namespace claviger::op::webhook {

struct CertificateSettings {
  /// What the API server calls the webhook: "<service>.<namespace>.svc" first.
  std::vector<std::string> dns_names;
  /// The ValidatingWebhookConfiguration and MutatingWebhookConfiguration.
  std::string validating = "claviger";
  std::string mutating = "claviger";
  /// PEM files; both empty: certificates of its own.
  std::string cert_file;
  std::string key_file;
  RotationTimes times;
};

class CertificateKeeper {
 public:
  /// All of them outlive the keeper.
  CertificateKeeper(CertificateSettings settings, const kube::Client& client,
                    http::CertificateStore& store, Random& random, Logger& log,
                    Counters& counters);

  /// Does everything that is due at `now`. On failure, what stood before
  /// stands, and the next call tries again.
  Status Tick(Time now);

  /// The bundle that API servers are told to trust, as last seen.
  const std::string& published() const { return published_; }

 private:
  struct Authority {
    KeyPair pair;
    std::optional<Time> trusted_since;
  };

  Status TickOwn(Time now);
  Status TickFiles();
  Status Do(Step step, Time now);
  Status SyncBundles(Time now);
  Status SyncBundle(const kube::Resource& resource, const std::string& name,
                    Time now);
  Status Serve(Time now);
  Result<Authority> MakeOne(Time now);
  std::vector<std::string> Ours() const;
  CertificateState State() const;

  const CertificateSettings settings_;
  const kube::Client& client_;
  http::CertificateStore& store_;
  Random& random_;
  Logger& log_;
  Counters& counters_;
  std::optional<Authority> authority_;
  std::optional<Authority> successor_;
  std::optional<CertificateState::Leaf> leaf_;
  std::string files_seen_;  // digest of what is served from files
  std::string published_;
};

}  // namespace claviger::op::webhook

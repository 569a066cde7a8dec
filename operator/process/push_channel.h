// SPDX-License-Identifier: Apache-2.0
//
// Telling sidecars of changes, as cluster mode does it: listens on every
// replica, tells while this one leads, and keeps in Vault where that is
// (docs/adr/0021). Term and Keep: the leader's thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "kube/client.h"
#include "operator/config.h"
#include "operator/push/announcing_store.h"
#include "operator/push/endpoint.h"
#include "operator/push/publication.h"
#include "operator/webhook/server.h"

namespace claviger::op {

class PushChannel {
 public:
  /// All of it outlives the channel.
  struct Ports {
    const Config& config;
    const kube::Client& client;
    const webhook::Webhook& webhook;
    const Clock& clock;
    Random& random;
    Logger& log;
  };

  /// Null where the configuration, or the lack of an address by which sidecars
  /// can reach this process, has it off. Fails when it cannot listen.
  static Result<std::unique_ptr<PushChannel>> Start(
      const Ports& ports, const std::string& pod_address);

  /// While this lives, this replica tells what is written through store().
  class Term {
   public:
    Term(PushChannel* channel, Store& store);
    ~Term();
    Term(const Term&) = delete;
    Term& operator=(const Term&) = delete;
    Store& store() { return announcing_ ? *announcing_ : store_; }
    /// Once in a while, at each turn of the loop: publishes where changes are
    /// told. What cannot be written is tried again later.
    void Keep();

   private:
    PushChannel* const channel_;  // null: off
    Store& store_;
    std::unique_ptr<push::AnnouncingStore> announcing_;
    push::Publication publication_;
    SteadyTime keep_at_;
    SteadyTime sweep_at_;
  };

 private:
  PushChannel(const Ports& ports, std::string address,
              std::unique_ptr<push::Endpoint> endpoint);

  const Ports ports_;
  const std::string address_;
  const std::unique_ptr<push::Endpoint> endpoint_;
};

}  // namespace claviger::op

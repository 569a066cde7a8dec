// SPDX-License-Identifier: Apache-2.0
//
// All proxies of one sidecar on a thread of their own: so that bytes that are
// pumped do not keep the local API waiting, nor the other way round. Start,
// then Run on that thread; Stop from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "http/sharing_server.h"
#include "providers/listeners.h"
#include "sidecar/decisions/log.h"
#include "sidecar/metrics.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/http/http_proxy.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/proxy/postgres/postgres_proxy.h"
#include "sidecar/settings.h"

namespace claviger::sidecar::proxy {

class Host {
 public:
  using AccessMaker = std::function<std::unique_ptr<Access>(
      std::function<void(std::function<void()>)> post)>;

  /// References outlive the host.
  Host(const Settings& settings, const Clock& clock, Random& random,
       DecisionLog& decisions, Metrics& metrics,
       const AccessMaker& make_access);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Opens what the settings want; kUnavailable and the like where that cannot
  /// be. `secret` is what ports ask for; null: none is wanted.
  Result<std::vector<OpenListener>> Start(std::shared_ptr<const Secret> secret);
  /// Goes on with a connection of the local API whose next request is to be
  /// sent on; `back` takes it where a later one is not. From any thread.
  void Take(std::shared_ptr<http::Handover> handover, const GiveBack& back);

  /// Serves until Stop and the end of what is under way.
  void Run();
  /// What may be used has changed: what must end of it, does. From any thread.
  void Review();
  /// Takes no more; what is under way may end for at most `drain`.
  void Stop(std::chrono::milliseconds drain);

 private:
  class Draining;
  class Observer;

  Status OpenUnix(const OpenListener& listener);
  Result<uint16_t> OpenTcp(const providers::ListenWish& wish);
  Status WritePassfile(const OpenListener& listener);
  Status Open(const providers::ListenWish& wish,
              std::vector<OpenListener>& open);

  const Settings& settings_;
  Loop loop_;
  const std::unique_ptr<Observer> observer_;
  const std::unique_ptr<Access> access_;
  Dialer dialer_;
  std::shared_ptr<const Secret> secret_;
  HttpProxy http_;
  PostgresProxy postgres_;
  std::unique_ptr<Draining> draining_;
};

}  // namespace claviger::sidecar::proxy

// SPDX-License-Identifier: Apache-2.0
//
// HTTP injection: listeners of server-side-only connections, whose requests are
// sent on with the credential. Loop's thread only, but for what comes before
// the loop runs; Stop is to be posted.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sidecar/proxy/acceptor.h"
#include "sidecar/proxy/http/parts.h"

namespace claviger::sidecar::proxy {

class HttpProxy final : public HttpParts {
 public:
  /// All outlive the proxy.
  HttpProxy(Loop& loop, Dialer& dialer, Access& access, ProxyObserver& observer,
            const HttpLimits& limits = {});
  ~HttpProxy() override;

  /// Serves `connection` on a Unix socket; `uids` empty: any peer.
  Status ListenUnix(const model::ObjectRef& connection, const std::string& path,
                    unsigned mode, const std::vector<uint32_t>& uids);
  /// The same on 127.0.0.1 for those who send `secret`. The port.
  Result<uint16_t> ListenTcp(const model::ObjectRef& connection, uint16_t port,
                             std::shared_ptr<const Secret> secret);

  /// Serves a connection of the local API's socket from a request on that is
  /// for here. `listener` has a way back.
  void Adopt(const std::shared_ptr<const HttpListener>& listener,
             http::Handover& handover);

  /// Takes no more connections; what is under way may end.
  void BeginStop();
  /// Whether nothing is under way.
  bool idle() const { return sessions_.empty(); }
  void CloseAll();

  // HttpParts.
  Loop& loop() override { return loop_; }
  Dialer& dialer() override { return dialer_; }
  Access& access() override { return access_; }
  ProxyObserver& observer() override { return observer_; }
  const HttpLimits& limits() const override { return limits_; }
  std::variant<std::shared_ptr<Door>, Problem> DoorFor(
      const Permit& permit) override;
  void Remove(Session& session) override;

 private:
  void Admit(const std::shared_ptr<const HttpListener>& listener, int fd,
             std::optional<uint32_t> uid, std::string_view bytes = {});

  Loop& loop_;
  Dialer& dialer_;
  Access& access_;
  ProxyObserver& observer_;
  const HttpLimits limits_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::map<model::ObjectRef, std::shared_ptr<Door>> doors_;
  std::unordered_map<Session*, std::shared_ptr<Session>> sessions_;
  std::unordered_map<uint32_t, size_t> per_uid_;
};

}  // namespace claviger::sidecar::proxy

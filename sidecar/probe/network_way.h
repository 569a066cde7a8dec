// SPDX-License-Identifier: Apache-2.0
//
// The way over the real network, by what the proxies use. Loop's thread only.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "sidecar/probe/http_login.h"
#include "sidecar/probe/way.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/postgres/server_login.h"
#include "sidecar/proxy/postgres/upstream.h"

namespace claviger::sidecar::probe {

class NetworkWay final : public Way {
 public:
  /// All outlive the object.
  struct Parts {
    proxy::Loop& loop;
    proxy::Dialer& dialer;
    const proxy::Resolver& resolver;
    Random& random;
  };
  explicit NetworkWay(const Parts& parts) : parts_(parts) {}

  void Resolve(const std::string& host, Resolved done) override;
  void Connect(const proxy::IpAddress& address, uint16_t port,
               Done done) override;
  void Secure(const Plan& plan, const proxy::TlsClient& tls,
              Done done) override;
  void LogIn(const Plan& plan, LoggedIn done) override;

 private:
  proxy::Dialer::Done Keeping(Done done);
  void LogInByPostgres(const Plan& plan, LoggedIn done);

  const Parts parts_;
  std::unique_ptr<proxy::Stream> stream_;
  std::shared_ptr<proxy::Dialer::Attempt> attempt_;
  std::shared_ptr<proxy::pg::Upstream> upstream_;
  std::shared_ptr<proxy::pg::ServerLogin> postgres_;
  std::shared_ptr<HttpLogin> http_;
};

}  // namespace claviger::sidecar::probe

// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL injection: listeners of server-side-only connections, whose
// clients are logged in at the server with the credential. Loop's thread only,
// but for what comes before the loop runs.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sidecar/proxy/acceptor.h"
#include "sidecar/proxy/postgres/front.h"

namespace claviger::sidecar::proxy {

class PostgresProxy {
 public:
  /// References outlive the proxy. `workload`: "reports/nightly".
  PostgresProxy(Loop& loop, Dialer& dialer, Access& access, Random& random,
                pg::SessionObserver& observer, std::string workload,
                const pg::FrontLimits& limits = {});
  ~PostgresProxy();

  /// Serves `connection` on a Unix socket; `uids` empty: any peer.
  Status ListenUnix(const model::ObjectRef& connection, const std::string& path,
                    unsigned mode, const std::vector<uint32_t>& uids);
  /// The same on 127.0.0.1 for those who prove to know `secret`. The port.
  Result<uint16_t> ListenTcp(const model::ObjectRef& connection, uint16_t port,
                             const Secret& secret);

  /// What may be used has changed: ends sessions that may not be any more.
  void Review();

  /// Takes no more connections; idle sessions end, others at the end of their
  /// transaction.
  void BeginStop(std::chrono::milliseconds drain);
  /// Whether no session is left.
  bool idle() const;
  void CloseAll();

 private:
  pg::Front& FrontOf(const model::ObjectRef& connection);

  Loop& loop_;
  Dialer& dialer_;
  Access& access_;
  Random& random_;
  pg::SessionObserver& observer_;
  const std::string workload_;
  const pg::FrontLimits limits_;
  std::vector<char> space_;
  std::map<model::ObjectRef, std::unique_ptr<pg::Front>> fronts_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace claviger::sidecar::proxy

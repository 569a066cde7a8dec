// SPDX-License-Identifier: Apache-2.0
//
// The port to the network, as a test walks it: one step after another. Each
// calls back once, possibly from within the call; dropping the object ends
// what is under way, and nobody is called any more. One thread.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "sidecar/probe/plan.h"
#include "sidecar/probe/report.h"
#include "sidecar/proxy/address.h"
#include "sidecar/proxy/dialer.h"

namespace claviger::sidecar::probe {

class Way {
 public:
  using Resolved = std::function<void(Result<proxy::Addresses>)>;
  using Done = std::function<void(Status)>;
  using LoggedIn = std::function<void(Result<LoginEnd>)>;

  virtual ~Way() = default;
  virtual void Resolve(const std::string& host, Resolved done) = 0;
  /// TCP; what was connected before is closed.
  virtual void Connect(const proxy::IpAddress& address, uint16_t port,
                       Done done) = 0;
  /// TLS over what was connected last.
  virtual void Secure(const Plan& plan, const proxy::TlsClient& tls,
                      Done done) = 0;
  /// Logs in over it, as the plan says, and out again.
  virtual void LogIn(const Plan& plan, LoggedIn done) = 0;
};

}  // namespace claviger::sidecar::probe

// SPDX-License-Identifier: Apache-2.0
//
// The port by which the local API has a connection tested: with a credential
// that was decided on, over the network. Thread-safe; never blocks but in End.
#pragma once

#include <functional>

#include "sidecar/probe/report.h"
#include "sidecar/proxy/access.h"

namespace claviger::sidecar::probe {

class Probe {
 public:
  using Done = std::function<void(Report)>;
  virtual ~Probe() = default;

  /// Calls `done` once, on whichever thread, in ten seconds at most. `fields`
  /// are the permit's.
  virtual void Begin(proxy::Permit permit, proxy::Fields fields, Done done) = 0;
  /// Ends what is under way; nobody is called any more once it returns.
  virtual void End() = 0;
};

}  // namespace claviger::sidecar::probe

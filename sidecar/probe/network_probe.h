// SPDX-License-Identifier: Apache-2.0
//
// The probe over the network, on a thread of its own that exists from the
// first test on: a sidecar that is never asked to test has none, and neither
// the local API nor what is proxied waits for one.
#pragma once

#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/random.h"
#include "sidecar/probe/probe.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar::probe {

class NetworkProbe final : public Probe {
 public:
  /// References outlive the object.
  NetworkProbe(const Clock& clock, Random& random, proxy::AddressRules rules);
  ~NetworkProbe() override;

  void Begin(proxy::Permit permit, proxy::Fields fields, Done done) override;
  void End() override;

 private:
  class Workshop;

  const Clock& clock_;
  Random& random_;
  const proxy::AddressRules rules_;
  std::mutex mutex_;
  bool ended_ = false;                  // under mutex_
  std::unique_ptr<Workshop> workshop_;  // likewise
};

}  // namespace claviger::sidecar::probe

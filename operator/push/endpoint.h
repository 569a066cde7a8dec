// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/changes over TLS: server-sent events for sidecars, each of which
// hears of its own principal, by the token it brings. Answers 503 while this
// replica does not lead. A thread to serve and a few for TokenReviews.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "http/certificate_store.h"
#include "kube/client.h"
#include "operator/push/hub.h"
#include "operator/push/reviewer.h"

namespace claviger::op::push {

struct EndpointOptions {
  std::string address = "0.0.0.0";
  uint16_t port = 9444;  // 0: any free one
  size_t max_listeners = 10'000;
  ReviewSettings review;
};

/// All of it outlives the endpoint.
struct EndpointPorts {
  const kube::Client& client;
  const Clock& clock;
  Random& random;
  Logger& log;
  std::shared_ptr<const http::CertificateStore> certificates;
};

class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual Hub& hub() = 0;
  virtual uint16_t port() const = 0;
};

/// Listens and starts the threads. Fails when it cannot listen.
Result<std::unique_ptr<Endpoint>> StartEndpoint(const EndpointOptions& options,
                                                const EndpointPorts& ports);

}  // namespace claviger::op::push

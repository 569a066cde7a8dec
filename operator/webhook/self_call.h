// SPDX-License-Identifier: Apache-2.0
//
// Calls the webhook as an API server would: TLS by the published bundle and the
// service's name. What fails here would fail there. Blocking; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace claviger::op::webhook {

struct SelfCall {
  std::string address;  // an IP address that the webhook listens on
  uint16_t port = 0;
  std::string server_name;
  std::string bundle_pem;
  std::chrono::milliseconds deadline{3'000};
};

/// GET /ping answered 200. kUnavailable without a connection,
/// kUnauthenticated when bundle and certificate do not fit.
Status Call(const SelfCall& call);

}  // namespace claviger::op::webhook

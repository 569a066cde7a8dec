// SPDX-License-Identifier: Apache-2.0
//
// The pages of probes and Prometheus, on a thread of their own. For main.cc.
#pragma once

#include <memory>
#include <thread>

#include "base/log.h"
#include "base/result.h"
#include "http/server.h"
#include "operator/config.h"
#include "operator/health.h"

namespace claviger::op {

class Pages {
 public:
  /// Both outlive this object.
  Pages(const Health& health, Logger& log);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  /// Serves until destruction. The errors of listening.
  Status Listen(const Config& config);

 private:
  const Health& health_;
  Logger& log_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

}  // namespace claviger::op

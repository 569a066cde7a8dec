// SPDX-License-Identifier: Apache-2.0
//
// The open event streams of GET /v1/watch, and what is told to all of them:
//   generation {"generation":7}                     the bindings changed
//   rotated    {"connection":…,"slot":…}            another credential now
//   revoked    {"connection":…,"slot":…}            no credential any more
// No secret is in an event. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "sidecar/metrics.h"

namespace claviger::sidecar {

class WatchHub {
 public:
  explicit WatchHub(Metrics& metrics) : metrics_(metrics) {}

  /// Takes a stream in and tells it the present generation.
  void Add(std::shared_ptr<http::EventStream> stream, int64_t generation);

  void TellGeneration(int64_t generation);
  void TellRotated(std::string_view connection, std::string_view slot);
  void TellRevoked(std::string_view connection, std::string_view slot);

 private:
  void Publish(std::string_view event, std::string_view data);

  Metrics& metrics_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<http::EventStream>> streams_;
};

}  // namespace claviger::sidecar

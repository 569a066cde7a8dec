// SPDX-License-Identifier: Apache-2.0
//
// A load generator for HTTP over a Unix socket: a fixed number of keep-alive
// clients on one thread, each sending its next request when the answer is
// complete. Blocking; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace claviger::bench {

struct LoadResult {
  int64_t answers = 0;
  double seconds = 0;
  /// Microseconds from request to complete answer.
  double p50_us = 0;
  double p99_us = 0;
  double per_second() const {
    return seconds > 0 ? static_cast<double>(answers) / seconds : 0;
  }
};

/// Sends `request` (whole, with its blank line) to `socket` from `clients`
/// connections for `duration`. Every answer must be as long as the first one;
/// exits the process with a message where the server misbehaves.
LoadResult Load(const std::string& socket, const std::string& request,
                int clients, std::chrono::milliseconds duration);

/// One request, its whole answer: headers and body.
std::string Ask(const std::string& socket, const std::string& request);

}  // namespace claviger::bench

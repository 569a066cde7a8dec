// SPDX-License-Identifier: Apache-2.0
//
// The port to one Kubernetes API server: a request and its whole answer, or an
// answer that arrives piece by piece (a watch). Any status is a success here;
// what it means is lib/kube/client.h's matter. Redirects are never followed.
// Implementations are thread-safe; calls block up to their deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace claviger::kube {

struct Request {
  std::string method = "GET";
  /// Segments of the path, not encoded yet: {"api", "v1", "namespaces"}.
  std::vector<std::string> path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::string content_type = "application/json";
  std::string accept = "application/json";
  /// Send: for all of it. Stream: until the headers are there, and afterwards
  /// for each silence.
  std::chrono::milliseconds deadline{10'000};
  /// Larger bodies are kTooLarge. Streams: no bound on all of it.
  size_t max_response_bytes = size_t{16} << 20U;
};

struct Response {
  int status = 0;
  std::string body;  // empty for a stream that was taken piece by piece
  std::optional<std::chrono::seconds> retry_after;
};

class Transport {
 public:
  virtual ~Transport() = default;

  /// kUnavailable (no connection, or it broke), kDeadlineExceeded, kTooLarge,
  /// kUnauthenticated (the server's certificate was refused).
  virtual Result<Response> Send(const Request& request) = 0;

  /// Calls `take` on this thread with each piece of a 200 answer until the
  /// server ends it, `take` returns false (both are success), or silence lasts
  /// longer than the deadline (kDeadlineExceeded). Another status comes back
  /// with its body, and nothing is taken.
  virtual Result<Response> Stream(
      const Request& request,
      const std::function<bool(std::string_view piece)>& take) = 0;

  /// Ends all calls under way and refuses later ones (kUnavailable), for the
  /// end of the process. Thread-safe.
  virtual void Close() = 0;
};

}  // namespace claviger::kube

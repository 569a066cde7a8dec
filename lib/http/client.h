// SPDX-License-Identifier: Apache-2.0
//
// The port to HTTP as a client: one request, one whole response, or an error.
// Any status is a success at this layer; deciding what a status means is the
// caller's. Redirects are never followed (the 3xx answer is returned).
// Implementations are safe to call from several threads and block up to the
// request's deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "http/message.h"

namespace claviger::http {

struct ClientRequest {
  Method method = Method::kGet;
  /// Absolute: "https://vault.corp:8200/v1/sys/health". Already encoded.
  std::string url;
  std::vector<Header> headers;
  /// A header whose value must not be seen: name, then the secret value.
  std::vector<std::pair<std::string, const Secret*>> secret_headers;
  std::string body;
  /// For all of it: connect, send, wait, receive.
  std::chrono::milliseconds deadline{10'000};
  /// Larger bodies are kTooLarge, and the connection is dropped.
  size_t max_response_bytes = size_t{8} << 20U;
  /// False where sending twice would do harm: a request that meets a kept
  /// connection which the server just closed is otherwise sent again.
  bool repeatable = true;
};

struct ClientResponse {
  int status = 0;
  std::vector<Header> headers;  // at most 100 of together 64 KiB
  std::string body;             // wiped by the client's caller where secret
};

class Client {
 public:
  virtual ~Client() = default;
  /// kUnavailable (no connection, or it broke before the answer was whole),
  /// kDeadlineExceeded, kTooLarge, kMalformed, kUnauthenticated (the server's
  /// certificate was refused), kInvalidArgument (a URL or header that cannot
  /// be sent). Errors name host and path without query.
  virtual Result<ClientResponse> Send(const ClientRequest& request) = 0;
};

}  // namespace claviger::http

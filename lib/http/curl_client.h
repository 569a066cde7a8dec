// SPDX-License-Identifier: Apache-2.0
//
// The Client by libcurl: HTTP/1.1, keep-alive, no redirects, no proxies from
// the environment, TLS 1.2 or newer against one CA file. Thread-safe: a small
// pool of handles, none of which carries state of one request to the next.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/client.h"

namespace claviger::http {

struct CurlSettings {
  /// PEM file with the authorities to trust; empty: the system's.
  std::string ca_file = {};
  /// Their PEM itself; where set, no file is read.
  std::string ca_pem = {};
  std::chrono::milliseconds connect_timeout{5'000};
  /// Every request goes to this Unix socket, whatever host its URL names;
  /// empty: over TCP.
  std::string unix_socket = {};
};

/// Fails with kInvalidArgument when the CA file cannot be read, or it or the
/// PEM holds no certificate.
Result<std::unique_ptr<Client>> MakeCurlClient(const CurlSettings& settings);

}  // namespace claviger::http

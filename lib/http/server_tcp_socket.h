// SPDX-License-Identifier: Apache-2.0
//
// A listening TCP socket on a literal address. Not synchronised.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace claviger::http {

struct TcpListener {
  int fd = -1;  // non-blocking, close-on-exec; the caller's
  uint16_t port = 0;
};

/// `address` is a literal ("127.0.0.1", "::1"); port 0 takes any free one.
/// kInvalidArgument, kConflict (in use), kPermissionDenied or kUnavailable.
Result<TcpListener> BindTcpSocket(const std::string& address, uint16_t port);

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
//
// Who may call the local API at all, before anything is looked at: the peer's
// uid on the socket; on loopback TCP the pod's secret, a header that no web
// page can send, and the right Host, since other containers, port-forwarding
// and rebound names reach loopback. Immutable once made; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "http/server.h"
#include "sidecar/api/problem.h"

namespace claviger::sidecar {

/// Of a peer whose uid is not among those that may call.
Problem PeerNotAllowed();

class Guard {
 public:
  virtual ~Guard() = default;
  /// Absent: go on.
  virtual std::optional<Problem> Check(
      const http::ServerRequest& request) const = 0;
};

/// For the Unix socket; `allowed_uids` empty: any peer.
class SocketGuard final : public Guard {
 public:
  explicit SocketGuard(std::vector<uint32_t> allowed_uids)
      : allowed_uids_(std::move(allowed_uids)) {}
  std::optional<Problem> Check(
      const http::ServerRequest& request) const override;

 private:
  const std::vector<uint32_t> allowed_uids_;
};

/// For 127.0.0.1: "Authorization: Bearer <secret>" and
/// "X-Claviger-Request: true"; of the AWS SDKs, which send what is in a file
/// and nothing else, "Authorization: <secret>".
class TcpGuard final : public Guard {
 public:
  explicit TcpGuard(Secret secret) : secret_(std::move(secret)) {}
  std::optional<Problem> Check(
      const http::ServerRequest& request) const override;

 private:
  const Secret secret_;
};

}  // namespace claviger::sidecar

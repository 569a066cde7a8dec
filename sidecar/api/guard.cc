// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/guard.h"

#include <algorithm>
#include <string_view>

#include "sidecar/api/call.h"

namespace claviger::sidecar {
namespace {

std::optional<Problem> RefuseBrowsers(const http::ServerRequest& request) {
  if (!http::FindHeader(request.headers, "Origin")) return std::nullopt;
  return Problem{"BrowserRefused", "the request carries an Origin header",
                 "call from the application's server side"};
}

// "127.0.0.1" or "localhost", whatever the port.
bool IsLoopbackHost(std::string_view host) {
  const size_t colon = host.rfind(':');
  const std::string_view name = host.substr(0, colon);
  return name == "127.0.0.1" || name == "localhost";
}

}  // namespace

Problem PeerNotAllowed() {
  return {"PeerNotAllowed", "the caller's uid is not allowed here",
          "run the application as one of the uids in socket.allowedUids"};
}

std::optional<Problem> SocketGuard::Check(
    const http::ServerRequest& request) const {
  if (auto problem = RefuseBrowsers(request)) return problem;
  if (allowed_uids_.empty()) return std::nullopt;
  if (request.peer.uid && std::find(allowed_uids_.begin(), allowed_uids_.end(),
                                    *request.peer.uid) != allowed_uids_.end()) {
    return std::nullopt;
  }
  return PeerNotAllowed();
}

std::optional<Problem> TcpGuard::Check(
    const http::ServerRequest& request) const {
  if (auto problem = RefuseBrowsers(request)) return problem;
  if (!IsLoopbackHost(http::FindHeader(request.headers, "Host").value_or(""))) {
    return Problem{"HostRefused", "the Host header is not a loopback address",
                   "call http://127.0.0.1:<port>"};
  }
  const std::string_view authorization =
      http::FindHeader(request.headers, "Authorization").value_or("");
  Call call;
  if (!ParseCall(request, call) && call.route == Route::kAws &&
      secret_.Equals(authorization)) {
    return std::nullopt;
  }
  if (http::FindHeader(request.headers, "X-Claviger-Request") != "true") {
    return Problem{"BadSecret", "the header X-Claviger-Request is missing",
                   "send X-Claviger-Request: true"};
  }
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.starts_with(kScheme) &&
      secret_.Equals(authorization.substr(kScheme.size()))) {
    return std::nullopt;
  }
  return Problem{"BadSecret", "the pod's secret is missing or wrong",
                 "send Authorization: Bearer <content of tcp.secretFile>"};
}

}  // namespace claviger::sidecar

// SPDX-License-Identifier: Apache-2.0
//
// What the sessions of one HTTP proxy share, and what they tell of. Loop's
// thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/secret.h"
#include "http/sharing_server.h"
#include "model/object.h"
#include "sidecar/proxy/access.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/loop.h"

namespace claviger::sidecar::proxy {

class Door;
class Session;

struct HttpLimits {
  size_t max_head = size_t{32} * 1024;         // a request's: 431
  size_t max_answer_head = size_t{32} * 1024;  // a server's: 502
  size_t max_sessions = 12'000;
  size_t max_sessions_per_uid = 11'000;
  std::chrono::milliseconds head{10'000};  // from its first byte: 408
  std::chrono::milliseconds idle{75'000};  // between requests
  std::chrono::milliseconds decide{45'000};
  std::chrono::milliseconds answer{120'000};  // until its head
  std::chrono::milliseconds stall{300'000};   // nothing moves either way
  std::chrono::milliseconds recheck{15'000};  // of what is under way
};

/// A client's connection that goes back to the local API.
using GiveBack = std::function<void(std::shared_ptr<http::Handover>)>;

/// One way in: the connection that all its requests are for.
struct HttpListener {
  model::ObjectRef connection;
  /// Asked for as basic password or bearer; none: the socket is enough.
  std::shared_ptr<const Secret> secret;
  /// Set for the local API's socket, where the target of each request names its
  /// connection: the way back for requests that are not for here.
  GiveBack give_back = {};
  /// Set for those who may not use that socket at all.
  std::optional<Problem> refusal = {};
};

/// One request that was answered, for the log and the metrics. No query, no
/// header, no body; of the path only what the connection itself names.
struct Proxied {
  model::ObjectRef connection;
  const Permit* permit = nullptr;  // null: there was none
  std::string_view method;
  std::string_view route;   // "/v1/", "/" for any
  std::string_view reason;  // "Allowed", or a problem's
  int status = 0;           // 0: the client did not wait for it
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  std::chrono::milliseconds took{0};
};

class ProxyObserver {
 public:
  virtual ~ProxyObserver() = default;
  virtual void OnProxied(const Proxied& proxied) = 0;
};

class HttpParts {
 public:
  virtual ~HttpParts() = default;
  virtual Loop& loop() = 0;
  virtual Dialer& dialer() = 0;
  virtual Access& access() = 0;
  virtual ProxyObserver& observer() = 0;
  virtual const HttpLimits& limits() const = 0;

  /// The door for this permit: the one there is, or a new one.
  virtual std::variant<std::shared_ptr<Door>, Problem> DoorFor(
      const Permit& permit) = 0;
  virtual void Remove(Session& session) = 0;
};

}  // namespace claviger::sidecar::proxy

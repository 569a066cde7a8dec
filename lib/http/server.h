// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/1.1 server on Boost.Beast for Unix sockets, TCP and TLS, with every
// bound in place: header and body bytes, connections (in all and per peer uid),
// deadlines for header, body, idle and write. One thread runs everything
// (Run); handlers are called on it and must not block: they answer now, or
// keep the Responder and answer later from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "http/certificate_store.h"
#include "http/message.h"

namespace claviger::http {

/// Who is on the other end of a Unix socket (SO_PEERCRED).
struct Peer {
  std::optional<uint32_t> uid;  // Unix sockets only
  std::optional<int32_t> pid;
};

struct ServerRequest {
  std::string method;  // as sent: "GET", "LIST"
  std::string target;  // path and query as sent, at most 8 KiB
  std::vector<Header> headers;
  std::string body;
  Peer peer;
};

/// The path without query, and the query behind it ("" without one).
std::string_view PathOf(const ServerRequest& request);
std::string_view QueryOf(const ServerRequest& request);

struct ServerResponse {
  int status = 200;
  std::vector<Header> headers;  // Content-Length is added
  std::string body;
  bool close = false;
  /// The body holds a secret: the server wipes its buffers after sending.
  bool secret = false;
};

/// A response without an end: server-sent events. Thread-safe.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Queues one event; false when the client is gone or too slow (64 events
  /// queued), and then the stream is closed.
  virtual bool Send(std::string_view event, std::string_view data) = 0;
};

/// Answers one request, once. Thread-safe; dropping it unanswered sends 500.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void Send(ServerResponse response) = 0;
  /// Answers 200 text/event-stream and keeps the connection; comments are sent
  /// every 15 s so that a dead client is noticed.
  virtual std::shared_ptr<EventStream> StartEvents() = 0;
};

using Handler = std::function<void(ServerRequest, std::shared_ptr<Responder>)>;

struct ServerLimits {
  size_t max_header_bytes = 16 * 1024;   // over it: 431
  size_t max_body_bytes = 64 * 1024;     // over it: 413
  size_t max_connections = 256;          // over it: closed at once
  size_t max_connections_per_uid = 128;  // Unix sockets
  size_t max_event_streams = 32;         // over it: 503
  std::chrono::milliseconds handshake_deadline{5'000};
  std::chrono::milliseconds header_deadline{5'000};  // over it: 408
  std::chrono::milliseconds body_deadline{10'000};
  std::chrono::milliseconds idle_deadline{60'000};
  std::chrono::milliseconds write_deadline{10'000};
};

class Server {
 public:
  virtual ~Server() = default;

  /// Listens on a Unix socket of mode `mode`; a stale socket file is replaced,
  /// a live one or another kind of file is an error.
  virtual Status ListenUnix(const std::string& path, unsigned mode,
                            Handler handler) = 0;
  /// Listens on `address` ("127.0.0.1") and `port` (0: any). The real port.
  virtual Result<uint16_t> ListenTcp(const std::string& address, uint16_t port,
                                     Handler handler) = 0;

  /// The same with TLS, showing the store's certificate. Connections are closed
  /// at once while the store is empty.
  virtual Result<uint16_t> ListenTls(
      const std::string& address, uint16_t port,
      std::shared_ptr<const CertificateStore> certificates,
      Handler handler) = 0;

  /// Serves until Stop; call it on the one thread that serves.
  virtual void Run() = 0;
  /// Thread-safe. Stops accepting, lets answers under way finish for at most
  /// `drain`, then closes everything; Run returns.
  virtual void Stop(std::chrono::milliseconds drain) = 0;
};

std::unique_ptr<Server> MakeServer(const ServerLimits& limits, Logger& log);

}  // namespace claviger::http

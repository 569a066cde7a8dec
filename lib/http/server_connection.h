// SPDX-License-Identifier: Apache-2.0
//
// One client's connection: reads a request, hands it to the handler, writes
// the answer, and only then looks at the next one, so that pipelining is
// bounded by the one input buffer. Server thread only.
#pragma once

#include <sys/types.h>

#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"
#include "http/server_core.h"
#include "http/server_events.h"
#include "http/server_reader.h"
#include "http/server_tls.h"
#include "http/sharing_server.h"

namespace claviger::http {

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  /// `tls` may be null: plain HTTP. So may `takeover`.
  Connection(ServerCore& core, Socket socket, const Peer& peer,
             std::shared_ptr<const Handler> handler,
             std::shared_ptr<const Takeover> takeover,
             std::unique_ptr<TlsSession> tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Peer& peer() const { return peer_; }
  Deadline deadline() const { return deadline_; }

  void Start();
  /// Instead: with these bytes received already.
  void GoOn(std::string_view bytes);
  void OnDeadline();
  /// The server stops: what is idle ends now, the rest after its answer.
  void Drain();
  void Close();

  /// The Responder's two ways. Ignored when the connection has moved on.
  void Answer(ServerResponse response);
  void StartEvents(std::shared_ptr<EventQueue> events);
  void FlushEvents();

 private:
  enum class State {
    kHandshaking,  // TLS only
    kReading,
    kHandling,   // the handler has the request
    kWriting,    // an answer is on its way out
    kStreaming,  // events
    kLingering,  // answered for the last time, waiting for the client to end
    kClosed,
  };

  /// Bytes on their way out: a head and a body, written as one.
  struct Outgoing {
    std::string head;
    std::string body;
    size_t sent = 0;
    bool secret = false;

    void Reset();
  };

  using Progress = ServerReader::Progress;

  void Handshake();
  void Read();
  void ReadTls();
  void OnTlsReadable();
  void OnRead(size_t count);
  void Process();
  void WaitForMore(Progress progress);
  void Dispatch();
  void Refuse(int status);
  void HandOver();
  void Write(ServerResponse response, bool close);
  bool SendNow();
  ssize_t SendSome();
  ssize_t SendSomeTls();
  template <typename Then>
  void WaitFor(Socket::wait_type what, Then then);
  void OnBlocked();
  void OnWritable();
  void OnAnswered();
  void Linger();
  void SetDeadline(std::chrono::milliseconds from_now);

  ServerCore& core_;
  Socket socket_;
  const std::unique_ptr<TlsSession> tls_;
  const Peer peer_;
  const std::shared_ptr<const Handler> handler_;
  const std::shared_ptr<const Takeover> takeover_;  // null: none
  ServerReader reader_;
  State state_ = State::kReading;
  Progress progress_ = Progress::kIdle;
  Deadline deadline_ = kNoDeadline;
  Outgoing out_;
  bool reading_ = false;        // a read is under way
  bool write_blocked_ = false;  // waiting until the socket takes more
  bool in_dispatch_ = false;
  bool head_only_ = false;
  bool close_after_ = false;
  size_t lingered_ = 0;
  std::shared_ptr<EventQueue> events_;
};

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
#include "http/server_connection.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <exception>
#include <utility>

#include "http/server_responder.h"
#include "http/server_response.h"

namespace claviger::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

// Pipelined requests answered before other connections have their turn.
constexpr int kRequestsPerTurn = 16;
constexpr std::chrono::seconds kCommentEvery{15};
// A client that is still sending would lose the answer to a reset if the
// socket were closed at once.
constexpr std::chrono::seconds kLingerFor{1};
constexpr size_t kLingerBytes = size_t{256} * 1024;
// Bodies up to this are copied behind their head: one plain send costs less
// than gathering two buffers.
constexpr size_t kCopiedBody = size_t{4} * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kComment = ":\n\n";

}  // namespace

void Connection::Outgoing::Reset() {
  if (secret) {
    explicit_bzero(head.data(), head.size());
    WipeString(body);
  }
  head.clear();
  body.clear();
  sent = 0;
  secret = false;
}

Connection::Connection(ServerCore& core, Socket socket, const Peer& peer,
                       std::shared_ptr<const Handler> handler,
                       std::shared_ptr<const Takeover> takeover,
                       std::unique_ptr<TlsSession> tls)
    : core_(core),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      peer_(peer),
      handler_(std::move(handler)),
      takeover_(std::move(takeover)),
      reader_(core.limits(), takeover_ ? &takeover_->wants : nullptr) {}

Connection::~Connection() { out_.Reset(); }

void Connection::Start() {
  if (tls_) {
    state_ = State::kHandshaking;
    SetDeadline(core_.limits().handshake_deadline);
    return Handshake();
  }
  SetDeadline(core_.limits().header_deadline);
  Read();
}

void Connection::GoOn(std::string_view bytes) {
  SetDeadline(core_.limits().header_deadline);
  while (!bytes.empty()) {
    const auto space = reader_.Space();
    // Whoever pipelines more than there is room for is cut off.
    if (space.empty()) return Close();
    const size_t count = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), count, space.begin());
    reader_.Received(count);
    bytes.remove_prefix(count);
  }
  Process();
}

void Connection::HandOver() {
  const auto self = shared_from_this();
  ErrorCode error;
  const int fd = socket_.release(error);
  if (!error) {
    takeover_->take(
        std::make_shared<Handover>(fd, std::string(reader_.Pending()), peer_));
  }
  Close();
}

template <typename Then>
void Connection::WaitFor(Socket::wait_type what, Then then) {
  socket_.async_wait(what,
                     [self = shared_from_this(), then](const ErrorCode& error) {
                       if (error) return self->Close();
                       if (self->state_ != State::kClosed) (*self.*then)();
                     });
}

void Connection::Handshake() {
  switch (tls_->Handshake()) {
    case TlsSession::Outcome::kDone:
      state_ = State::kReading;
      SetDeadline(core_.limits().header_deadline);
      return Read();
    case TlsSession::Outcome::kWantRead:
      return WaitFor(Socket::wait_read, &Connection::Handshake);
    case TlsSession::Outcome::kWantWrite:
      return WaitFor(Socket::wait_write, &Connection::Handshake);
    case TlsSession::Outcome::kEnded:
      return Close();
  }
}

void Connection::SetDeadline(std::chrono::milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
  core_.Watch(deadline_);
}

void Connection::Read() {
  if (std::exchange(reading_, true)) return;
  if (tls_) return ReadTls();
  const auto space = reader_.Space();
  socket_.async_read_some(
      asio::buffer(space.data(), space.size()),
      [self = shared_from_this()](const ErrorCode& error, size_t count) {
        self->reading_ = false;
        if (error) return self->Close();
        self->OnRead(count);
      });
}

void Connection::ReadTls() {
  if (!tls_->HasPending()) {
    return WaitFor(Socket::wait_read, &Connection::OnTlsReadable);
  }
  // Not from here: reading goes on from within itself.
  asio::post(core_.io(),
             [self = shared_from_this()] { self->OnTlsReadable(); });
}

void Connection::OnTlsReadable() {
  if (state_ == State::kClosed) return;
  const TlsSession::Moved moved = tls_->Read(reader_.Space());
  switch (moved.outcome) {
    case TlsSession::Outcome::kDone:
      reading_ = false;
      return OnRead(moved.count);
    case TlsSession::Outcome::kWantRead:
      return WaitFor(Socket::wait_read, &Connection::OnTlsReadable);
    case TlsSession::Outcome::kWantWrite:
      return WaitFor(Socket::wait_write, &Connection::OnTlsReadable);
    case TlsSession::Outcome::kEnded:
      return Close();
  }
}

void Connection::OnRead(size_t count) {
  switch (state_) {
    case State::kReading:
      reader_.Received(count);
      return Process();
    case State::kLingering:
      lingered_ += count;
      return lingered_ > kLingerBytes ? Close() : Read();
    case State::kStreaming:  // nothing can follow on such a connection
      return Close();
    default:
      return;
  }
}

void Connection::Process() {
  for (int turn = 0; turn < kRequestsPerTurn; ++turn) {
    if (state_ != State::kReading) return;
    const Progress progress = reader_.Advance();
    if (progress == Progress::kRefused) return Refuse(reader_.refusal());
    if (progress == Progress::kForeign) return HandOver();
    if (progress != Progress::kRequest) return WaitForMore(progress);
    Dispatch();
  }
  if (state_ != State::kReading) return;
  asio::post(core_.io(), [self = shared_from_this()] { self->Process(); });
}

void Connection::WaitForMore(Progress progress) {
  const ServerLimits& limits = core_.limits();
  if (progress == Progress::kIdle) {
    if (core_.stopping()) return Close();
    SetDeadline(limits.idle_deadline);
  } else if (progress != progress_) {
    SetDeadline(progress == Progress::kInHead ? limits.header_deadline
                                              : limits.body_deadline);
  }
  progress_ = progress;
  if (progress == Progress::kInBody && reader_.TakeExpectation()) {
    // Thirty bytes into an empty socket buffer; a client that cannot take
    // them runs into the body deadline.
    if (tls_) {
      tls_->Write(kContinue);
    } else {
      send(socket_.native_handle(), kContinue.data(), kContinue.size(),
           MSG_NOSIGNAL | MSG_DONTWAIT);
    }
  }
  Read();
}

void Connection::Dispatch() {
  ServerRequest request = reader_.Take();
  request.peer = peer_;
  head_only_ = request.method == "HEAD";
  state_ = State::kHandling;
  progress_ = Progress::kIdle;
  deadline_ = kNoDeadline;
  in_dispatch_ = true;
  try {
    (*handler_)(std::move(request),
                MakeResponder(core_.mailbox(), weak_from_this()));
  } catch (const std::exception&) {
    core_.log().Failure("request handler threw");  // its Responder sent 500
  }
  in_dispatch_ = false;
}

void Connection::Answer(ServerResponse response) {
  if (state_ != State::kHandling) return;
  if (!HasPlainHeaders(response)) {
    core_.log().Failure("response header holds control characters",
                        {{"status", response.status}});
    if (response.secret) WipeString(response.body);
    response = MakeProblem(500);
  }
  const bool close =
      response.close || !reader_.keep_alive() || core_.stopping();
  Write(std::move(response), close);
}

void Connection::Refuse(int status) {
  head_only_ = false;
  Write(MakeProblem(status), true);
}

void Connection::Write(ServerResponse response, bool close) {
  state_ = State::kWriting;
  close_after_ = close;
  out_.Reset();
  AppendHead(response, close, out_.head);
  out_.secret = response.secret;
  const bool with_body = !head_only_ && HasBody(response.status);
  if (with_body && response.body.size() > kCopiedBody) {
    out_.body = std::move(response.body);
  } else {
    if (with_body) out_.head += response.body;
    if (response.secret) WipeString(response.body);
  }
  if (SendNow()) OnAnswered();
}

ssize_t Connection::SendSome() {
  if (tls_) return SendSomeTls();
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  const int fd = socket_.native_handle();
  const size_t head = out_.head.size();
  if (out_.sent >= head) {
    const size_t begin = out_.sent - head;
    return send(fd, out_.body.data() + begin, out_.body.size() - begin, kFlags);
  }
  char* const rest = out_.head.data() + out_.sent;
  if (out_.body.empty()) return send(fd, rest, head - out_.sent, kFlags);
  std::array<iovec, 2> parts = {iovec{rest, head - out_.sent},
                                iovec{out_.body.data(), out_.body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return sendmsg(fd, &message, kFlags);
}

ssize_t Connection::SendSomeTls() {
  const size_t head = out_.head.size();
  const std::string_view rest =
      out_.sent < head ? std::string_view(out_.head).substr(out_.sent)
                       : std::string_view(out_.body).substr(out_.sent - head);
  const TlsSession::Moved moved = tls_->Write(rest);
  if (moved.outcome == TlsSession::Outcome::kDone) {
    return static_cast<ssize_t>(moved.count);
  }
  // There is no renegotiation, so a write never has to wait for the client.
  errno =
      moved.outcome == TlsSession::Outcome::kWantWrite ? EAGAIN : ECONNRESET;
  return -1;
}

// True when everything is out. False: the rest follows when the socket takes
// more, or the connection is closed.
bool Connection::SendNow() {
  while (out_.sent < out_.head.size() + out_.body.size()) {
    const ssize_t sent = SendSome();
    if (sent >= 0) {
      out_.sent += static_cast<size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      OnBlocked();
      return false;
    } else if (errno != EINTR) {
      Close();
      return false;
    }
  }
  write_blocked_ = false;
  out_.Reset();
  return true;
}

void Connection::OnBlocked() {
  // Once per answer: the deadline is for all of it.
  if (!std::exchange(write_blocked_, true)) {
    SetDeadline(core_.limits().write_deadline);
  }
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const ErrorCode& error) {
                       if (error) return self->Close();
                       self->OnWritable();
                     });
}

void Connection::OnWritable() {
  if (state_ == State::kClosed || !SendNow()) return;
  if (state_ == State::kStreaming) {
    FlushEvents();
  } else {
    OnAnswered();
  }
}

void Connection::OnAnswered() {
  if (close_after_) return Linger();
  state_ = State::kReading;
  if (in_dispatch_) return;  // Process() goes on
  // Not from here: the caller may be another connection's handler, or hold a
  // lock that this connection's handler wants.
  asio::post(core_.io(), [self = shared_from_this()] { self->Process(); });
}

void Connection::Linger() {
  state_ = State::kLingering;
  if (tls_) tls_->SayGoodbye();
  shutdown(socket_.native_handle(), SHUT_WR);
  SetDeadline(kLingerFor);
  Read();
}

void Connection::StartEvents(std::shared_ptr<EventQueue> events) {
  if (state_ != State::kHandling) return events->Close();
  state_ = State::kStreaming;
  events_ = std::move(events);
  out_.Reset();
  out_.head = EventStreamHead();
  Read();  // sees the client go
  if (SendNow()) FlushEvents();
}

void Connection::FlushEvents() {
  while (state_ == State::kStreaming && !write_blocked_) {
    const bool open = events_->TakeAll(out_.body);
    if (out_.body.empty()) {
      if (!open) return Linger();
      return SetDeadline(kCommentEvery);
    }
    if (!SendNow()) return;
  }
}

void Connection::OnDeadline() {
  switch (state_) {
    case State::kReading:
      return progress_ == Progress::kIdle ? Close() : Refuse(408);
    case State::kStreaming:
      if (write_blocked_) return Close();
      out_.body = kComment;
      if (SendNow()) SetDeadline(kCommentEvery);
      return;
    case State::kHandling:
      deadline_ = kNoDeadline;
      return;
    default:
      return Close();
  }
}

void Connection::Drain() {
  switch (state_) {
    case State::kReading: {
      // A request that is already in the kernel's buffer is still answered.
      char byte = 0;
      const bool idle =
          progress_ == Progress::kIdle &&
          recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
      if (idle) Close();
      return;
    }
    case State::kStreaming:
      return events_->Close();
    case State::kLingering:
    case State::kHandshaking:
      return Close();
    default:
      return;
  }
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  const auto self = shared_from_this();
  ErrorCode ignored;
  socket_.close(ignored);
  out_.Reset();
  if (events_) events_->Close();
  core_.Remove(*this);
}

}  // namespace claviger::http

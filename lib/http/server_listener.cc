// SPDX-License-Identifier: Apache-2.0
#include "http/server_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "http/server_connection.h"
#include "http/server_tls.h"

namespace claviger::http {
namespace {

// Taken in one go before connections that wait for an answer have their turn.
constexpr int kAcceptsPerTurn = 32;
// Without descriptors or memory the pending connection keeps the socket
// readable: waiting for that would spin.
constexpr std::chrono::milliseconds kStarvedPause{200};

Peer PeerOf(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return {};
  }
  return {credentials.uid, credentials.pid};
}

bool IsStarvation(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

Listener::Listener(ServerCore& core, int fd, Kind kind,
                   std::shared_ptr<const CertificateStore> certificates,
                   Handler handler, std::shared_ptr<const Takeover> takeover)
    : core_(core),
      descriptor_(core.io(), fd),
      pause_(core.io()),
      unix_socket_(kind == Kind::kUnix),
      certificates_(std::move(certificates)),
      handler_(std::make_shared<const Handler>(std::move(handler))),
      takeover_(std::move(takeover)) {
  Wait();
}

void Listener::Close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  pause_.cancel();
}

void Listener::Wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (!error) AcceptSome();
                         });
}

void Listener::AcceptSome() {
  for (int turn = 0; turn < kAcceptsPerTurn && descriptor_.is_open(); ++turn) {
    const int fd = accept4(descriptor_.native_handle(), nullptr, nullptr,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      starved_ = false;
      Admit(fd);
    } else if (IsStarvation(errno)) {
      return Pause();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    }  // else that one connection is gone already
  }
  if (descriptor_.is_open()) Wait();
}

void Listener::Pause() {
  if (!std::exchange(starved_, true)) {
    core_.log().Warning("out of file descriptors or memory, not accepting");
  }
  pause_.expires_after(kStarvedPause);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) AcceptSome();
  });
}

void Listener::Admit(int fd) {
  const Peer peer = unix_socket_ ? PeerOf(fd) : Peer();
  // A Unix peer that cannot be told is nobody.
  if ((unix_socket_ && !peer.uid) || !core_.HasRoomFor(peer)) {
    close(fd);
    return;
  }
  if (!unix_socket_) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  Connection::Socket socket(core_.io());
  boost::system::error_code error;
  const int family = unix_socket_ ? AF_UNIX : AF_INET;
  socket.assign(boost::asio::generic::stream_protocol(family, 0), fd, error);
  if (error) {
    close(fd);
    return;
  }
  std::unique_ptr<TlsSession> tls;
  if (certificates_) {
    tls = certificates_->Accept(fd);
    if (!tls) return;  // the socket closes itself
  }
  const auto connection = std::make_shared<Connection>(
      core_, std::move(socket), peer, handler_, takeover_, std::move(tls));
  core_.Add(connection);
  connection->Start();
}

void Listener::Adopt(Handover& handover) {
  if (!core_.HasRoomFor(handover.peer())) return;
  const int fd = handover.TakeFd();
  Connection::Socket socket(core_.io());
  boost::system::error_code error;
  socket.assign(boost::asio::generic::stream_protocol(AF_UNIX, 0), fd, error);
  if (error) {
    close(fd);
    return;
  }
  const auto connection = std::make_shared<Connection>(
      core_, std::move(socket), handover.peer(), handler_, takeover_, nullptr);
  core_.Add(connection);
  connection->GoOn(handover.bytes());
}

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "http/server_tcp_socket.h"

namespace claviger::sidecar::proxy {
namespace {

// Taken in one go before connections that wait have their turn.
constexpr int kAcceptsPerTurn = 32;
constexpr std::chrono::milliseconds kStarvedPause{200};

std::optional<uint32_t> PeerUid(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return std::nullopt;
  }
  return credentials.uid;
}

bool IsStarvation(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::ListenUnix(Loop& loop,
                                                       const std::string& path,
                                                       unsigned mode,
                                                       Taker taker) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(),
                                      error);
  auto bound = http::BindUnixSocket(path, mode);
  if (!bound) return Fail(bound.error());
  return std::unique_ptr<Acceptor>(new Acceptor(
      loop, bound->fd, std::move(bound->file), 0, std::move(taker)));
}

Result<std::unique_ptr<Acceptor>> Acceptor::ListenTcp(Loop& loop, uint16_t port,
                                                      Taker taker) {
  const auto bound = http::BindTcpSocket("127.0.0.1", port);
  if (!bound) return Fail(bound.error());
  return std::unique_ptr<Acceptor>(
      new Acceptor(loop, bound->fd, {}, bound->port, std::move(taker)));
}

Acceptor::Acceptor(Loop& loop, int fd, http::UnixSocketFile file, uint16_t port,
                   Taker taker)
    : descriptor_(loop.io(), fd),
      pause_(loop.io()),
      file_(std::move(file)),
      port_(port),
      taker_(std::move(taker)) {
  Wait();
}

Acceptor::~Acceptor() { Close(); }

void Acceptor::Close() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  pause_.cancel();
  if (!file_.path.empty()) RemoveUnixSocket(file_);
  file_.path.clear();
}

void Acceptor::Wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (!error) AcceptSome();
                         });
}

void Acceptor::AcceptSome() {
  for (int turn = 0; turn < kAcceptsPerTurn && descriptor_.is_open(); ++turn) {
    const int fd = accept4(descriptor_.native_handle(), nullptr, nullptr,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      if (port_ != 0) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        taker_(fd, std::nullopt);
      } else if (const auto uid = PeerUid(fd)) {
        taker_(fd, uid);
      } else {
        close(fd);  // a peer that cannot be told is nobody
      }
    } else if (IsStarvation(errno)) {
      return Pause();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    }  // else that one connection is gone already
  }
  if (descriptor_.is_open()) Wait();
}

// The pending connection keeps the socket readable: waiting for that would
// spin.
void Acceptor::Pause() {
  pause_.expires_after(kStarvedPause);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) AcceptSome();
  });
}

}  // namespace claviger::sidecar::proxy

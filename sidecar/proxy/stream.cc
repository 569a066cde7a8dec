// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace claviger::sidecar::proxy {
namespace {

using Outcome = Stream::Outcome;

int FamilyOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family;
}

bool MayRetry(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

Outcome FromTls(http::TlsSession& tls, http::TlsSession::Outcome outcome) {
  switch (outcome) {
    case http::TlsSession::Outcome::kDone:
      return Outcome::kDone;
    case http::TlsSession::Outcome::kWantRead:
      return Outcome::kWantRead;
    case http::TlsSession::Outcome::kWantWrite:
      return Outcome::kWantWrite;
    case http::TlsSession::Outcome::kEnded:
      return tls.ended_cleanly() ? Outcome::kEnded : Outcome::kBroken;
  }
  return Outcome::kBroken;
}

}  // namespace

Stream::Stream(Loop& loop, int fd) : socket_(loop.io()) {
  boost::system::error_code error;
  socket_.assign(boost::asio::generic::stream_protocol(FamilyOf(fd), 0), fd,
                 error);
  if (error) {
    close(fd);
    return;
  }
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

Stream::Moved Stream::Read(std::span<char> space) {
  if (!open()) return {};
  if (tls_) {
    const http::TlsSession::Moved moved = tls_->Read(space);
    return {FromTls(*tls_, moved.outcome), moved.count};
  }
  const ssize_t got = recv(fd(), space.data(), space.size(), MSG_DONTWAIT);
  if (got > 0) return {Outcome::kDone, static_cast<size_t>(got)};
  if (got == 0) return {Outcome::kEnded, 0};
  return {MayRetry(errno) ? Outcome::kWantRead : Outcome::kBroken, 0};
}

Stream::Moved Stream::Write(std::string_view bytes) {
  if (!open()) return {};
  if (tls_) {
    const http::TlsSession::Moved moved = tls_->Write(bytes);
    const Outcome outcome = FromTls(*tls_, moved.outcome);
    return {outcome == Outcome::kEnded ? Outcome::kBroken : outcome,
            moved.count};
  }
  const ssize_t sent =
      send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return {Outcome::kDone, static_cast<size_t>(sent)};
  return {MayRetry(errno) ? Outcome::kWantWrite : Outcome::kBroken, 0};
}

void Stream::EndWriting() {
  if (!open()) return;
  if (tls_) tls_->SayGoodbye();
  shutdown(fd(), SHUT_WR);
}

void Stream::Close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool Stream::IsQuiet() {
  if (!open() || HasPending()) return false;
  char byte = 0;
  const ssize_t got = recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && MayRetry(errno);
}

int Stream::Release() {
  boost::system::error_code error;
  const int fd = socket_.release(error);
  return error ? -1 : fd;
}

}  // namespace claviger::sidecar::proxy

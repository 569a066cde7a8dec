// SPDX-License-Identifier: Apache-2.0
#include "http/server_tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace claviger::http {
namespace {

constexpr int kBacklog = 256;

union Address {
  sockaddr base;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool Parse(const std::string& text, uint16_t port, Address& address) {
  address = {};
  if (inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    return true;
  }
  return false;
}

socklen_t SizeOf(const Address& address) {
  return address.base.sa_family == AF_INET ? sizeof(sockaddr_in)
                                           : sizeof(sockaddr_in6);
}

uint16_t PortOf(const Address& address) {
  return ntohs(address.base.sa_family == AF_INET ? address.v4.sin_port
                                                 : address.v6.sin6_port);
}

ErrorCode Classify(int error) {
  if (error == EADDRINUSE) return ErrorCode::kConflict;
  if (error == EACCES) return ErrorCode::kPermissionDenied;
  return ErrorCode::kUnavailable;
}

}  // namespace

Result<TcpListener> BindTcpSocket(const std::string& address, uint16_t port) {
  const std::string where = address + " port " + std::to_string(port);
  Address bound{};
  if (!Parse(address, port, bound)) {
    return Fail(ErrorCode::kInvalidArgument,
                "listen address " + address + " is not an IP address");
  }
  const int fd = socket(bound.base.sa_family,
                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return Fail(ErrorCode::kUnavailable, "cannot make a socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  socklen_t size = SizeOf(bound);
  if (bind(fd, &bound.base, size) != 0 || listen(fd, kBacklog) != 0 ||
      getsockname(fd, &bound.base, &size) != 0) {
    const int error = errno;
    close(fd);
    return Fail(Classify(error), "cannot listen on " + where + ": " +
                                     std::generic_category().message(error));
  }
  return TcpListener{fd, PortOf(bound)};
}

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
#include "unit/sidecar/socket_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace claviger::testing {
namespace {

constexpr timeval kTimeout{10, 0};

int Connected(int fd, const sockaddr* address, socklen_t size) {
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof(kTimeout));
  if (connect(fd, address, size) == 0) return fd;
  close(fd);
  return -1;
}

int ConnectUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  return Connected(socket(AF_UNIX, SOCK_STREAM, 0),
                   reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address));
}

int ConnectTcp(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Connected(socket(AF_INET, SOCK_STREAM, 0),
                   reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address));
}

void SendRequest(int fd, const std::string& method, const std::string& target,
                 const std::string& headers) {
  const std::string request = method + " " + target +
                              " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
                              "Content-Length: 0\r\n\r\n";
  (void)send(fd, request.data(), request.size(), MSG_NOSIGNAL);
}

SocketAnswer Ask(int fd, const std::string& method, const std::string& target,
                 const std::string& headers) {
  if (fd < 0) return {};
  SendRequest(fd, method, target, "Connection: close\r\n" + headers);
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  const size_t end = text.find("\r\n\r\n");
  if (text.size() < 12 || end == std::string::npos) return {};
  return {std::atoi(text.c_str() + 9), text.substr(end + 4)};
}

}  // namespace

SocketAnswer AskUnix(const std::string& path, const std::string& method,
                     const std::string& target, const std::string& headers) {
  return Ask(ConnectUnix(path), method, target, headers);
}

SocketAnswer AskTcp(uint16_t port, const std::string& method,
                    const std::string& target, const std::string& headers) {
  return Ask(ConnectTcp(port), method, target, headers);
}

OpenStream::OpenStream(const std::string& path, const std::string& target)
    : fd_(ConnectUnix(path)) {
  SendRequest(fd_, "GET", target, "");
}

OpenStream::~OpenStream() { close(fd_); }

std::string OpenStream::ReadUntil(const std::string& end) {
  char buffer[4096];
  while (true) {
    const size_t found = rest_.find(end);
    if (found != std::string::npos) {
      std::string text = rest_.substr(0, found + end.size());
      rest_.erase(0, text.size());
      return text;
    }
    const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
    if (n <= 0) return std::move(rest_);
    rest_.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace claviger::testing

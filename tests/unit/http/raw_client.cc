// SPDX-License-Identifier: Apache-2.0
#include "unit/http/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace claviger::http::testing {
namespace {

constexpr int kTimeoutMs = 5'000;

bool WaitFor(int fd, int16_t events, int timeout_ms = kTimeoutMs) {
  pollfd item{fd, events, 0};
  return poll(&item, 1, timeout_ms) == 1;
}

}  // namespace

std::string RawResponse::Header(std::string_view name) const {
  size_t line = head.find("\r\n");
  while (line != std::string::npos && line + 2 < head.size()) {
    line += 2;
    const size_t end = head.find("\r\n", line);
    const size_t colon = line + name.size();
    if (colon < end && head[colon] == ':' &&
        strncasecmp(head.data() + line, name.data(), name.size()) == 0) {
      return head.substr(colon + 2, end - colon - 2);
    }
    line = end;
  }
  return "";
}

RawClient RawClient::ToUnix(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    close(fd);
    return RawClient(-1);
  }
  return RawClient(fd);
}

RawClient RawClient::ToTcp(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    close(fd);
    return RawClient(-1);
  }
  return RawClient(fd);
}

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      received_(std::move(other.received_)) {}

RawClient::~RawClient() {
  if (fd_ >= 0) close(fd_);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::ShutDownWriting() { shutdown(fd_, SHUT_WR); }

bool RawClient::Fill() {
  std::array<char, 16 * 1024> chunk{};
  if (!WaitFor(fd_, POLLIN)) return false;
  const ssize_t count = recv(fd_, chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  received_.append(chunk.data(), static_cast<size_t>(count));
  return true;
}

std::optional<RawResponse> RawClient::Read(bool without_body) {
  size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  RawResponse response;
  response.head = received_.substr(0, end + 4);
  response.status = std::atoi(response.head.substr(9, 3).c_str());
  received_.erase(0, end + 4);
  const std::string length = response.Header("Content-Length");
  const size_t size =
      without_body ? 0 : std::strtoull(length.c_str(), nullptr, 10);
  while (received_.size() < size) {
    if (!Fill()) return std::nullopt;
  }
  response.body = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string RawClient::ReadUntil(std::string_view text) {
  size_t at = 0;
  while ((at = received_.find(text)) == std::string::npos) {
    if (!Fill()) return "";
  }
  std::string result = received_.substr(0, at + text.size());
  received_.erase(0, at + text.size());
  return result;
}

bool RawClient::IsClosed(int timeout_ms) {
  if (!received_.empty() || !WaitFor(fd_, POLLIN, timeout_ms)) return false;
  char byte = 0;
  return recv(fd_, &byte, 1, 0) <= 0;
}

}  // namespace claviger::http::testing

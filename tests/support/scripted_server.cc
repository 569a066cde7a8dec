// SPDX-License-Identifier: Apache-2.0
#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace claviger::testing {
namespace {

constexpr int kDripPauseMs = 20;

// A test cannot go on without its server.
void Need(bool fine) {
  if (!fine) std::abort();
}

size_t ContentLength(std::string_view header) {
  static constexpr std::string_view kName = "Content-Length: ";
  const size_t at = header.find(kName);
  if (at == std::string_view::npos) return 0;
  return std::strtoul(header.data() + at + kName.size(), nullptr, 10);
}

}  // namespace

Script AnswerWith(std::string bytes) {
  return {{Step::Kind::kReadRequest}, {Step::Kind::kSend, std::move(bytes)}};
}

Script AnswerHttp(int status, std::string_view body, std::string_view headers) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " x\r\n";
  text.append(headers);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return AnswerWith(text.append(body));
}

Script Hang() { return {{Step::Kind::kReadRequest}, {Step::Kind::kHang}}; }

Script CloseAtOnce() { return {}; }

ScriptedServer::ScriptedServer(std::vector<Script> scripts)
    : scripts_(std::move(scripts)) {
  Need(!scripts_.empty());
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Need(listener_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  Need(bind(listener_, plain, size) == 0 && listen(listener_, 64) == 0);
  Need(getsockname(listener_, plain, &size) == 0);
  port_ = ntohs(address.sin_port);
  Need(pipe(stop_) == 0);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  close(stop_[1]);
  acceptor_.join();
  for (std::thread& player : players_) player.join();
  close(stop_[0]);
  close(listener_);
}

std::string ScriptedServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::Accept() {
  while (!Stopped(listener_, -1)) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const size_t index = std::min<size_t>(connections_++, scripts_.size() - 1);
    players_.emplace_back([this, fd, index] { Play(fd, scripts_[index]); });
  }
}

void ScriptedServer::Play(int fd, const Script& script) {
  for (const Step& step : script) {
    if (!Do(fd, step)) break;
  }
  close(fd);
}

bool ScriptedServer::Do(int fd, const Step& step) {
  switch (step.kind) {
    case Step::Kind::kReadRequest:
      return ReadRequest(fd);
    case Step::Kind::kSend:
      for (uint64_t i = 0; i < step.times; ++i) {
        if (!Send(fd, step.bytes)) return false;
      }
      return true;
    case Step::Kind::kDrip:
      return Drip(fd, step.bytes);
    case Step::Kind::kHang: {
      char byte = 0;
      while (!Stopped(fd, -1) && read(fd, &byte, 1) > 0) {
      }
      return true;
    }
    case Step::Kind::kShutdown:
      return shutdown(fd, SHUT_WR) == 0;
    case Step::Kind::kReset: {
      const linger at_once{1, 0};
      return setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) ==
             0;
    }
  }
  return false;
}

bool ScriptedServer::ReadRequest(int fd) {
  std::string text;
  size_t wanted = std::string::npos;
  while (text.size() < wanted) {
    char buffer[4096];
    if (Stopped(fd, -1)) return false;
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count <= 0) return false;
    text.append(buffer, static_cast<size_t>(count));
    const size_t end = text.find("\r\n\r\n");
    if (end != std::string::npos) wanted = end + 4 + ContentLength(text);
  }
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(text));
  return true;
}

bool ScriptedServer::Send(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd waits[] = {{fd, POLLOUT, 0}, {stop_[0], POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 || waits[1].revents != 0) return false;
    const ssize_t count =
        send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count <= 0) return false;
    bytes_sent_ += static_cast<uint64_t>(count);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool ScriptedServer::Drip(int fd, std::string_view bytes) {
  for (const char& byte : bytes) {
    if (!Send(fd, {&byte, 1})) return false;
    // The pause ends early when the server stops, not when the client writes.
    pollfd wait{stop_[0], POLLIN, 0};
    if (poll(&wait, 1, kDripPauseMs) != 0) return false;
  }
  return true;
}

bool ScriptedServer::Stopped(int fd, int milliseconds) const {
  pollfd waits[] = {{stop_[0], POLLIN, 0}, {fd, POLLIN, 0}};
  return poll(waits, 2, milliseconds) < 0 || waits[0].revents != 0;
}

}  // namespace claviger::testing

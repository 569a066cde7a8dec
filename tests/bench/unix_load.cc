// SPDX-License-Identifier: Apache-2.0
#include "bench/unix_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace claviger::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

int Connect(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    Die("connect");
  }
  return fd;
}

struct Connection {
  int fd = -1;
  size_t received = 0;
  Clock::time_point sent;
};

void SendRequest(Connection& connection, const std::string& request) {
  connection.sent = Clock::now();
  if (write(connection.fd, request.data(), request.size()) !=
      static_cast<ssize_t>(request.size())) {
    Die("send");
  }
}

double Percentile(std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at =
      static_cast<size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at];
}

}  // namespace

std::string Ask(const std::string& socket, const std::string& request) {
  Connection connection{Connect(socket), 0, {}};
  SendRequest(connection, request);
  std::string answer;
  std::array<char, 16384> buffer{};
  while (true) {
    const size_t head = answer.find("\r\n\r\n");
    if (head != std::string::npos) {
      const size_t at = answer.find("Content-Length: ");
      const size_t length =
          at < head ? std::strtoul(answer.c_str() + at + 16, nullptr, 10) : 0;
      if (answer.size() >= head + 4 + length) break;
    }
    const ssize_t count = read(connection.fd, buffer.data(), buffer.size());
    if (count <= 0) Die("receive");
    answer.append(buffer.data(), static_cast<size_t>(count));
  }
  close(connection.fd);
  return answer;
}

LoadResult Load(const std::string& socket, const std::string& request,
                int clients, std::chrono::milliseconds duration) {
  const size_t answer_size = Ask(socket, request).size();
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> connections(static_cast<size_t>(clients));
  for (Connection& connection : connections) {
    connection.fd = Connect(socket);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(poller, EPOLL_CTL_ADD, connection.fd, &event);
  }
  std::vector<float> latencies;
  latencies.reserve(1U << 20U);
  const auto start = Clock::now();
  const auto end = start + duration;
  for (Connection& connection : connections) SendRequest(connection, request);
  std::array<epoll_event, 64> events{};
  std::array<char, 65536> buffer{};
  auto now = start;
  while (now < end) {
    const int ready = epoll_wait(poller, events.data(),
                                 static_cast<int>(events.size()), 1000);
    now = Clock::now();
    for (int i = 0; i < ready; ++i) {
      auto& connection =
          *static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      const ssize_t count = read(connection.fd, buffer.data(), buffer.size());
      if (count <= 0) Die("receive under load");
      connection.received += static_cast<size_t>(count);
      if (connection.received < answer_size) continue;
      latencies.push_back(
          std::chrono::duration<float, std::micro>(now - connection.sent)
              .count());
      connection.received = 0;
      SendRequest(connection, request);
    }
  }
  LoadResult result;
  result.answers = static_cast<int64_t>(latencies.size());
  result.seconds = std::chrono::duration<double>(now - start).count();
  std::sort(latencies.begin(), latencies.end());
  result.p50_us = Percentile(latencies, 0.50);
  result.p99_us = Percentile(latencies, 0.99);
  for (const Connection& connection : connections) close(connection.fd);
  close(poller);
  return result;
}

}  // namespace claviger::bench

// SPDX-License-Identifier: Apache-2.0
#include "bench/epoll_floor.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace claviger::bench {
namespace {

int Listen(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(fd, 128) != 0) {
    std::exit(1);
  }
  return fd;
}

void Watch(int poller, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

[[noreturn]] void Serve(int listener, const std::string& reply) {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  Watch(poller, listener);
  std::array<epoll_event, 64> events{};
  std::array<char, 16384> buffer{};
  while (true) {
    const int ready =
        epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        Watch(poller, accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        continue;
      }
      if (read(fd, buffer.data(), buffer.size()) <= 0 ||
          send(fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) {
        close(fd);
      }
    }
  }
}

}  // namespace

void PinTo(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(core), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

EpollFloor::EpollFloor(std::string socket, const std::string& reply, int core)
    : socket_(std::move(socket)) {
  const int listener = Listen(socket_);
  child_ = fork();
  if (child_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    PinTo(core);
    Serve(listener, reply);
  }
  close(listener);
}

EpollFloor::~EpollFloor() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  unlink(socket_.c_str());
}

}  // namespace claviger::bench

// SPDX-License-Identifier: Apache-2.0
//
// Listening sockets of a proxy: a Unix socket in the shared volume, or a port
// of 127.0.0.1. Hands on connected, non-blocking descriptors with who is at
// the other end, and does not spin when the process is out of descriptors.
// Loop's thread only, but for construction before Run.
#pragma once

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/server_unix_socket.h"
#include "sidecar/proxy/loop.h"

namespace claviger::sidecar::proxy {

class Acceptor {
 public:
  /// Takes the descriptor over. `uid`: of the peer, Unix sockets only.
  using Taker = std::function<void(int fd, std::optional<uint32_t> uid)>;

  /// Directories above the socket are made where they are missing (0755).
  static Result<std::unique_ptr<Acceptor>> ListenUnix(Loop& loop,
                                                      const std::string& path,
                                                      unsigned mode,
                                                      Taker taker);
  /// On 127.0.0.1; port 0 takes any free one.
  static Result<std::unique_ptr<Acceptor>> ListenTcp(Loop& loop, uint16_t port,
                                                     Taker taker);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  uint16_t port() const { return port_; }
  /// No more; a socket's file goes.
  void Close();

 private:
  Acceptor(Loop& loop, int fd, http::UnixSocketFile file, uint16_t port,
           Taker taker);
  void Wait();
  void AcceptSome();
  void Pause();

  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer pause_;
  http::UnixSocketFile file_;  // no path: TCP
  const uint16_t port_;
  const Taker taker_;
};

}  // namespace claviger::sidecar::proxy

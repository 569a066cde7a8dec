// SPDX-License-Identifier: Apache-2.0
//
// Accepts connections of one listening socket, within the caps, and without
// spinning when the process is out of file descriptors. Server thread only
// (construction before Run).
#pragma once

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "http/server.h"
#include "http/server_core.h"
#include "http/sharing_server.h"

namespace claviger::http {

class Listener {
 public:
  enum class Kind {
    kUnix,  // peers are asked for
    kTcp,
  };
  /// Takes over `fd`. With `certificates` (TCP only), connections begin with a
  /// TLS handshake.
  Listener(ServerCore& core, int fd, Kind kind,
           std::shared_ptr<const CertificateStore> certificates,
           Handler handler, std::shared_ptr<const Takeover> takeover);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void Close();
  /// Goes on with a connection that the takeover had.
  void Adopt(Handover& handover);

 private:
  void Wait();
  void AcceptSome();
  void Pause();
  void Admit(int fd);

  ServerCore& core_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer pause_;
  const bool unix_socket_;
  const std::shared_ptr<const CertificateStore> certificates_;
  const std::shared_ptr<const Handler> handler_;
  const std::shared_ptr<const Takeover> takeover_;  // null: none
  bool starved_ = false;
};

}  // namespace claviger::http

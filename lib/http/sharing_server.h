// SPDX-License-Identifier: Apache-2.0
//
// A Server that shares the connections of its Unix sockets with somebody who
// serves certain requests by themselves: a connection goes to them with the
// first such request, and may come back. For requests and answers of any
// length, which a Handler never sees.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.h"

namespace claviger::http {

/// A connection on its way from one to the other, with what was received of its
/// next request: at least the head. Closed where nobody takes it over. Not
/// synchronised.
class Handover {
 public:
  /// Takes over `fd`, which is non-blocking.
  Handover(int fd, std::string bytes, Peer peer);
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  /// The caller's from now on.
  int TakeFd();
  std::string_view bytes() const { return bytes_; }
  const Peer& peer() const { return peer_; }

 private:
  int fd_;
  std::string bytes_;
  const Peer peer_;
};

struct Takeover {
  /// Whether a request with that target is theirs. On the server's thread.
  std::function<bool(std::string_view target)> wants;
  std::function<void(std::shared_ptr<Handover>)> take;
};

class SharingServer : public Server {
 public:
  /// Goes on with a connection that was taken over. Thread-safe.
  virtual void Adopt(std::shared_ptr<Handover> handover) = 0;
};

std::unique_ptr<SharingServer> MakeSharingServer(const ServerLimits& limits,
                                                 Logger& log,
                                                 Takeover takeover);

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
//
// What the connections of one server share: the loop, the limits, the table of
// connections and one timer for all their deadlines. A timer per connection
// would be re-armed at each request; this one is armed for the earliest
// deadline and looks again when it fires. Server thread only.
#pragma once

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "base/log.h"
#include "http/server.h"
#include "http/server_mailbox.h"

namespace claviger::http {

class Connection;

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

class ServerCore {
 public:
  ServerCore(const ServerLimits& limits, Logger& log);
  ~ServerCore();
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  boost::asio::io_context& io() { return io_; }
  const ServerLimits& limits() const { return limits_; }
  Logger& log() { return log_; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool stopping() const { return stopping_; }

  /// Whether the caps allow one more connection of that peer.
  bool HasRoomFor(const Peer& peer) const;
  void Add(std::shared_ptr<Connection> connection);
  /// The connection closed itself. May end the loop when stopping.
  void Remove(const Connection& connection);

  /// Calls the connection's OnDeadline at `when` or soon after, unless it has
  /// moved its deadline by then.
  void Watch(Deadline when);

  /// Lets connections end by themselves until `drain` has passed.
  void BeginStop(std::chrono::milliseconds drain);
  void CloseAll();

 private:
  void Arm(Deadline when);
  void Sweep();

  boost::asio::io_context io_;
  const ServerLimits limits_;
  Logger& log_;
  const std::shared_ptr<Mailbox> mailbox_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer drain_timer_;
  Deadline armed_ = kNoDeadline;
  bool stopping_ = false;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>>
      connections_;
  std::unordered_map<uint32_t, size_t> per_uid_;
};

}  // namespace claviger::http

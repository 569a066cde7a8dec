// SPDX-License-Identifier: Apache-2.0
#include "http/server_core.h"

#include <algorithm>
#include <vector>

#include "http/server_connection.h"

namespace claviger::http {
namespace {

// The loop belongs to one thread; others only post.
constexpr int kConcurrencyHint = 1;
// For each connection: a tenth of a second for ten thousand.
constexpr std::chrono::microseconds kSweepGap{10};

}  // namespace

ServerCore::ServerCore(const ServerLimits& limits, Logger& log)
    : io_(kConcurrencyHint),
      limits_(limits),
      log_(log),
      mailbox_(std::make_shared<Mailbox>(io_, limits.max_event_streams)),
      timer_(io_),
      drain_timer_(io_) {}

ServerCore::~ServerCore() {
  mailbox_->Close();
  CloseAll();
}

bool ServerCore::HasRoomFor(const Peer& peer) const {
  if (stopping_ || connections_.size() >= limits_.max_connections) return false;
  if (!peer.uid) return true;
  const auto found = per_uid_.find(*peer.uid);
  return found == per_uid_.end() ||
         found->second < limits_.max_connections_per_uid;
}

void ServerCore::Add(std::shared_ptr<Connection> connection) {
  if (connection->peer().uid) ++per_uid_[*connection->peer().uid];
  const Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void ServerCore::Remove(const Connection& connection) {
  if (connection.peer().uid) {
    const auto found = per_uid_.find(*connection.peer().uid);
    if (found != per_uid_.end() && --found->second == 0) per_uid_.erase(found);
  }
  connections_.erase(&connection);
  if (stopping_ && connections_.empty()) io_.stop();
}

void ServerCore::Watch(Deadline when) {
  if (when < armed_) Arm(when);
}

void ServerCore::Arm(Deadline when) {
  armed_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Sweep();
  });
}

void ServerCore::Sweep() {
  armed_ = kNoDeadline;
  const Deadline now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<Connection>> due;
  for (const auto& [key, connection] : connections_) {
    if (connection->deadline() <= now) due.push_back(connection);
  }
  for (const auto& connection : due) connection->OnDeadline();
  Deadline next = kNoDeadline;
  for (const auto& [key, connection] : connections_) {
    next = std::min(next, connection->deadline());
  }
  // Deadlines of thousands are spread over time: each sweep takes as many of
  // them as come within a moment, or sweeping would be all there is.
  const auto gap = kSweepGap * static_cast<int64_t>(connections_.size());
  if (next < armed_) Arm(std::max(next, now + gap));
}

void ServerCore::BeginStop(std::chrono::milliseconds drain) {
  if (std::exchange(stopping_, true)) return;
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->Drain();
  if (connections_.empty()) return io_.stop();
  drain_timer_.expires_after(drain);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) io_.stop();
  });
}

void ServerCore::CloseAll() {
  while (!connections_.empty()) {
    const auto connection = connections_.begin()->second;
    connection->Close();
  }
}

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
//
// A connection to a PostgreSQL server, ready for its first packet: connected,
// asked for TLS, and with TLS. Exactly the one byte that answers is read
// before the handshake, so that nothing sent in plaintext is taken for what
// came through it. Loop's thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/postgres/server_plan.h"

namespace claviger::sidecar::proxy::pg {

class Upstream final : public Timed,
                       public std::enable_shared_from_this<Upstream> {
 public:
  /// For the byte that answers the question about TLS.
  static constexpr std::chrono::milliseconds kAnswerDeadline{5'000};
  using Done = std::function<void(Result<std::unique_ptr<Stream>>)>;

  /// Tries `addresses` in turn; those of `route` or one of theirs. `dialer`
  /// outlives the object. Dropping the object cancels it.
  [[nodiscard]] static std::shared_ptr<Upstream> Open(
      Loop& loop, Dialer& dialer, std::shared_ptr<const ServerRoute> route,
      std::vector<ServerAddress> addresses, Done done,
      std::chrono::milliseconds answer_deadline = kAnswerDeadline);
  /// The same on a connection to one of them that is there already.
  [[nodiscard]] static std::shared_ptr<Upstream> OpenOn(
      Loop& loop, Dialer& dialer, std::shared_ptr<const ServerRoute> route,
      std::unique_ptr<Stream> stream, Done done);

  Upstream(Loop& loop, Dialer& dialer, std::shared_ptr<const ServerRoute> route,
           std::vector<ServerAddress> addresses, Done done,
           std::chrono::milliseconds answer_deadline = kAnswerDeadline);

  /// Once it is connected: where to, and what was not tried.
  const ServerAddress& address() const { return address_; }
  std::vector<ServerAddress> TakeLeft();

 private:
  void TryNext(Error last);
  void OnConnected(std::unique_ptr<Stream> stream);
  void Ask();
  void ReadAnswer();
  void Secure();
  void Finish(Result<std::unique_ptr<Stream>> result);
  void OnDeadline() override;

  Dialer& dialer_;
  const std::shared_ptr<const ServerRoute> route_;
  std::vector<ServerAddress> left_;  // the next one last
  const std::chrono::milliseconds answer_deadline_;
  ServerAddress address_;  // the one that is tried
  Done done_;
  std::shared_ptr<Dialer::Attempt> attempt_;
  std::unique_ptr<Stream> stream_;
  std::string asking_;
};

}  // namespace claviger::sidecar::proxy::pg

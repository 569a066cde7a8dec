// SPDX-License-Identifier: Apache-2.0
//
// One small request to a server, over a connection of its own, and its whole
// answer: for the token server of an OAuth client, whom the sidecar asks on its
// own account. Bounded in bytes and time. Loop's thread only; dropping it
// cancels it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sidecar/proxy/dialer.h"
#include "sidecar/proxy/http/buffer.h"
#include "sidecar/proxy/http/target.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy {

class TokenFetch final : public Timed,
                         public std::enable_shared_from_this<TokenFetch> {
 public:
  struct Answer {
    int status = 0;
    std::string body;  // may hold a secret
  };
  /// kUnavailable, kDeadlineExceeded and the dialer's.
  using Done = std::function<void(Result<Answer>)>;

  /// Dialer and `tls` (null: plain) outlive it.
  TokenFetch(Loop& loop, Dialer& dialer, const TlsClient* tls, Done done);

  /// Sends `request` as it is; calls back once, never before it returns.
  void Start(const Origin& origin, std::string_view request);

 private:
  void OnConnected(Result<std::unique_ptr<Stream>> stream);
  void OnOpened(Result<std::unique_ptr<Stream>> stream);
  void Move();
  void Wait(Stream::Outcome wanted);
  bool TakeAnswer(bool closed);
  void OnDeadline() override;
  void End(Result<Answer> answer);

  Dialer& dialer_;
  const TlsClient* const tls_;
  Done done_;
  std::shared_ptr<Dialer::Attempt> attempt_;
  std::unique_ptr<Stream> stream_;
  Outbox out_;
  std::string received_;
};

}  // namespace claviger::sidecar::proxy

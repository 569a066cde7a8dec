// SPDX-License-Identifier: Apache-2.0
//
// The way out: resolve, check, connect, and where wanted TLS, each with a
// deadline of its own. A name is resolved once per attempt, and exactly the
// addresses that were checked are connected to. Loop's thread only; never
// blocks. An attempt that is dropped (Attempt::Cancel, or its handle) calls
// nobody.
#pragma once

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "sidecar/proxy/address.h"
#include "sidecar/proxy/loop.h"
#include "sidecar/proxy/stream.h"
#include "sidecar/proxy/tls_client.h"

namespace claviger::sidecar::proxy {

struct DialDeadlines {
  std::chrono::milliseconds resolve{5'000};
  std::chrono::milliseconds connect{5'000};  // each address
  std::chrono::milliseconds handshake{5'000};
};

/// What a name stands for; at most some dozens.
using Addresses = std::vector<IpAddress>;
/// Calls back once, on the loop's thread.
using Resolver = std::function<void(const std::string& host,
                                    std::function<void(Result<Addresses>)>)>;
/// The system's own, by Asio's thread.
Resolver MakeSystemResolver(Loop& loop);

class Dialer {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Stream>>)>;

  /// An attempt under way; dropping it cancels it.
  class Attempt {
   public:
    virtual ~Attempt() = default;
  };

  Dialer(Loop& loop, Resolver resolver, AddressRules rules,
         DialDeadlines deadlines = {});

  /// A plain connection to `host`, a name or an address. `done` gets
  /// kPermissionDenied where every address it stands for is refused,
  /// kUnavailable or kDeadlineExceeded. Messages name host and port.
  [[nodiscard]] std::shared_ptr<Attempt> Connect(const std::string& host,
                                                 uint16_t port, Done done);
  /// TLS over a plain connection that has sent nothing that is unread.
  /// kUnauthenticated where the server's certificate is not trusted. `tls` must
  /// live until then; `host` as in TlsClient::Begin.
  [[nodiscard]] std::shared_ptr<Attempt> Secure(std::unique_ptr<Stream> stream,
                                                const TlsClient& tls, Done done,
                                                const std::string& host = "");

 private:
  Loop& loop_;
  const Resolver resolver_;
  const AddressRules rules_;
  const DialDeadlines deadlines_;
};

}  // namespace claviger::sidecar::proxy

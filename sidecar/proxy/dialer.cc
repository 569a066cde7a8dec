// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace claviger::sidecar::proxy {
namespace {

using boost::asio::ip::tcp;

// Connected to one after another; who has more takes the first.
constexpr size_t kMaxAddresses = 8;

socklen_t Fill(const IpAddress& address, uint16_t port,
               sockaddr_storage& storage) {
  storage = {};
  if (address.v4) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, address.bytes.data(), 4);
    return sizeof(sockaddr_in);
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  std::memcpy(&v6->sin6_addr, address.bytes.data(), 16);
  return sizeof(sockaddr_in6);
}

// Begins to connect; null where that failed at once.
std::unique_ptr<Stream> BeginConnect(Loop& loop, const IpAddress& address,
                                     uint16_t port) {
  sockaddr_storage storage{};
  const socklen_t size = Fill(address, port, storage);
  const int fd =
      socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return nullptr;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  const int result =
      connect(fd, reinterpret_cast<const sockaddr*>(&storage), size);
  if (result != 0 && errno != EINPROGRESS) {
    close(fd);
    return nullptr;
  }
  return std::make_unique<Stream>(loop, fd);
}

// resolve -> check -> connect to one after another.
class Connecting final : public Dialer::Attempt,
                         public Timed,
                         public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(Loop& loop, const AddressRules& rules,
             const DialDeadlines& deadlines, const std::string& host,
             uint16_t port, Dialer::Done done)
      : Timed(loop),
        loop_(loop),
        rules_(rules),
        deadlines_(deadlines),
        port_(port),
        where_(host + " port " + std::to_string(port)),
        done_(std::move(done)) {}

  void Start(const Resolver& resolver, const std::string& host) {
    SetDeadline(deadlines_.resolve);
    if (const auto literal = ParseIpAddress(host)) {
      // Not from within the caller's call.
      return loop_.Post([weak = weak_from_this(), literal] {
        if (const auto self = weak.lock()) self->OnResolved({{*literal}});
      });
    }
    resolver(host, [weak = weak_from_this()](Result<Addresses> addresses) {
      if (const auto self = weak.lock()) self->OnResolved(std::move(addresses));
    });
  }

 private:
  void OnResolved(Result<Addresses> addresses) {
    if (!done_ || !HasDeadline()) return;
    ClearDeadline();
    if (!addresses) return Finish(Fail(addresses.error()));
    std::string fault;
    for (const IpAddress& address : *addresses) {
      if (const auto why = FindAddressFault(address, rules_)) {
        fault = *why;
      } else if (left_.size() < kMaxAddresses) {
        left_.push_back(address);
      }
    }
    if (left_.empty()) {
      return Finish(
          fault.empty()
              ? Fail(ErrorCode::kUnavailable, where_ + " has no address")
              : Fail(ErrorCode::kPermissionDenied,
                     where_ + " may not be connected to: its address is " +
                         fault));
    }
    std::reverse(left_.begin(), left_.end());
    TryNext();
  }

  void TryNext() {
    stream_.reset();
    while (!left_.empty()) {
      const IpAddress address = left_.back();
      left_.pop_back();
      stream_ = BeginConnect(loop_, address, port_);
      if (stream_ == nullptr) continue;
      SetDeadline(deadlines_.connect);
      return stream_->WaitWritable(
          [weak = weak_from_this(),
           stream = stream_.get()](const boost::system::error_code& error) {
            const auto self = weak.lock();
            // Of an earlier address, it was closed meanwhile.
            if (self && !error && self->stream_.get() == stream) {
              self->OnConnected();
            }
          });
    }
    Finish(Fail(
        timed_out_ ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable,
        "cannot connect to " + where_));
  }

  void OnConnected() {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return TryNext();
    ClearDeadline();
    Finish(std::move(stream_));
  }

  void OnDeadline() override {
    timed_out_ = true;
    if (stream_ == nullptr) {
      return Finish(
          Fail(ErrorCode::kDeadlineExceeded,
               "the name of " + where_ + " was not resolved in time"));
    }
    const auto self = shared_from_this();
    TryNext();
  }

  void Finish(Result<std::unique_ptr<Stream>> result) {
    const auto self = shared_from_this();
    if (Dialer::Done done = std::exchange(done_, nullptr)) {
      done(std::move(result));
    }
  }

  Loop& loop_;
  const AddressRules& rules_;
  const DialDeadlines& deadlines_;
  const uint16_t port_;
  const std::string where_;
  Dialer::Done done_;
  Addresses left_;  // the next one last
  std::unique_ptr<Stream> stream_;
  bool timed_out_ = false;
};

class Handshaking final : public Dialer::Attempt,
                          public Timed,
                          public std::enable_shared_from_this<Handshaking> {
 public:
  Handshaking(Loop& loop, std::unique_ptr<Stream> stream, Dialer::Done done)
      : Timed(loop), stream_(std::move(stream)), done_(std::move(done)) {}

  void Start(Loop& loop, const TlsClient& tls, const std::string& host,
             std::chrono::milliseconds deadline) {
    SetDeadline(deadline);
    session_ = tls.Begin(stream_->fd(), host);
    // Not from within the caller's call.
    loop.Post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->Advance();
    });
  }

 private:
  void Advance() {
    if (!done_) return;
    if (session_ == nullptr) {
      return Finish(Fail(ErrorCode::kInternal, "no memory for TLS"));
    }
    switch (session_->Handshake()) {
      case http::TlsSession::Outcome::kDone:
        ClearDeadline();
        stream_->SetTls(std::move(session_));
        return Finish(std::move(stream_));
      case http::TlsSession::Outcome::kWantRead:
        return Wait(Stream::Outcome::kWantRead);
      case http::TlsSession::Outcome::kWantWrite:
        return Wait(Stream::Outcome::kWantWrite);
      case http::TlsSession::Outcome::kEnded:
        return Finish(Fail(ErrorCode::kUnauthenticated, TlsFault(*session_)));
    }
  }

  void Wait(Stream::Outcome wanted) {
    stream_->WaitFor(wanted, [weak = weak_from_this()](
                                 const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (self && !error) self->Advance();
    });
  }

  void OnDeadline() override {
    Finish(Fail(ErrorCode::kDeadlineExceeded,
                "the TLS handshake did not end in time"));
  }

  void Finish(Result<std::unique_ptr<Stream>> result) {
    const auto self = shared_from_this();
    if (Dialer::Done done = std::exchange(done_, nullptr)) {
      done(std::move(result));
    }
  }

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<http::TlsSession> session_;
  Dialer::Done done_;
};

Addresses AddressesOf(const tcp::resolver::results_type& results) {
  Addresses addresses;
  for (const auto& entry : results) {
    const auto address = ParseIpAddress(entry.endpoint().address().to_string());
    // Zones have no place here, and come out as no address.
    if (address && std::find(addresses.begin(), addresses.end(), *address) ==
                       addresses.end()) {
      addresses.push_back(*address);
    }
  }
  return addresses;
}

}  // namespace

Resolver MakeSystemResolver(Loop& loop) {
  return [&loop](const std::string& host,
                 std::function<void(Result<Addresses>)> done) {
    const auto resolver = std::make_shared<tcp::resolver>(loop.io());
    resolver->async_resolve(
        host, "",
        [resolver, host, done = std::move(done)](
            const boost::system::error_code& error,
            const tcp::resolver::results_type& results) {
          if (error) {
            return done(Fail(ErrorCode::kUnavailable,
                             "the name " + host + " cannot be resolved"));
          }
          done(AddressesOf(results));
        });
  };
}

Dialer::Dialer(Loop& loop, Resolver resolver, AddressRules rules,
               DialDeadlines deadlines)
    : loop_(loop),
      resolver_(std::move(resolver)),
      rules_(std::move(rules)),
      deadlines_(deadlines) {}

std::shared_ptr<Dialer::Attempt> Dialer::Connect(const std::string& host,
                                                 uint16_t port, Done done) {
  auto attempt = std::make_shared<Connecting>(loop_, rules_, deadlines_, host,
                                              port, std::move(done));
  attempt->Start(resolver_, host);
  return attempt;
}

std::shared_ptr<Dialer::Attempt> Dialer::Secure(std::unique_ptr<Stream> stream,
                                                const TlsClient& tls, Done done,
                                                const std::string& host) {
  auto attempt =
      std::make_shared<Handshaking>(loop_, std::move(stream), std::move(done));
  attempt->Start(loop_, tls, host, deadlines_.handshake);
  return attempt;
}

}  // namespace claviger::sidecar::proxy

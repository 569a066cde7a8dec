// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection of the fault proxy, plain or TLS, by blocking calls. One
// thread uses it; another one ends its waits by shutdown() on the descriptor.
#pragma once

#include <openssl/ossl_typ.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/certificates.h"

namespace claviger::testing {

/// What TLS needs on one side of a proxy; no context: plain TCP.
class ProxyTls {
 public:
  ProxyTls() = default;
  static ProxyTls Serving(const IssuedCertificate& certificate);
  /// Trusts the authorities of that file and no others.
  static ProxyTls Calling(const std::string& ca_file);

  ssl_ctx_st* context() const { return context_.get(); }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
};

class ProxyChannel {
 public:
  /// Uses the descriptor and leaves closing it to the caller. Check ok() first.
  static ProxyChannel Accept(int fd, const ProxyTls& tls);
  static ProxyChannel Connect(int fd, const ProxyTls& tls);

  bool ok() const { return ok_; }
  int fd() const { return fd_; }
  /// Appends what is there, at least one byte; false at the end.
  bool ReadSome(std::string& bytes);
  bool Write(std::string_view bytes);
  /// Waits for something to read here; false once the other one has closed.
  bool AwaitBytesUnlessClosed(const ProxyChannel& other) const;
  /// Lets the other side see it broken (RST) once it is closed.
  void Break();
  /// After so many more bytes were written, it breaks.
  void BreakAfter(size_t bytes) { left_ = bytes; }

 private:
  explicit ProxyChannel(int fd) : fd_(fd) {}
  bool WriteAll(std::string_view bytes);

  int fd_;
  bool ok_ = true;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_{nullptr, nullptr};
  std::optional<size_t> left_;
};

}  // namespace claviger::testing

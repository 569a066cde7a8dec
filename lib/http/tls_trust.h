// SPDX-License-Identifier: Apache-2.0
//
// The authorities a TLS client trusts, parsed once and shared by all of its
// connections: libcurl by itself parses the file anew for each. Immutable
// after it was made; safe to use from several threads.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;
struct x509_store_st;

namespace claviger::http {

class TlsTrust {
 public:
  /// From a PEM file of at most 4 MiB. kInvalidArgument when it cannot be read
  /// or holds no certificate, or one that is broken.
  static Result<TlsTrust> FromFile(const std::string& path);
  /// From the system's bundle at `path`; trusts nobody where there is none, so
  /// that plain http works on machines without a bundle.
  static TlsTrust FromSystem(const std::string& path);

  /// Makes connections of `context` trust these authorities and no others.
  void ApplyTo(ssl_ctx_st* context) const;

 private:
  explicit TlsTrust(std::shared_ptr<x509_store_st> store);

  std::shared_ptr<x509_store_st> store_;
};

}  // namespace claviger::http

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

namespace claviger::http {

class TlsTrust {
 public:
  /// From a PEM file of at most 4 MiB. kInvalidArgument when it cannot be read
  /// or holds no certificate, or one that is broken.
  static Result<TlsTrust> FromFile(const std::string& path);
  /// From PEM text; the same errors.
  static Result<TlsTrust> FromPem(const std::string& pem);
  /// From the system's bundle at `path`, read when the first connection needs
  /// it: plain http pays neither time nor memory for it, and works on machines
  /// without one. Trusts nobody where there is none.
  static TlsTrust FromSystem(const std::string& path);

  /// Makes connections of `context` trust these authorities and no others.
  void ApplyTo(ssl_ctx_st* context) const;

 private:
  struct State;
  explicit TlsTrust(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace claviger::http

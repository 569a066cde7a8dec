// SPDX-License-Identifier: Apache-2.0
//
// Signed tokens (JWS compact form) by OpenSSL: RS256 and ES256, nothing else.
// The algorithm is what the key is for; a header that says otherwise, `none`,
// or a shared-secret algorithm is refused. Immutable, thread-safe.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace claviger::dev {

class JwsKey {
 public:
  /// A fresh P-256 key pair. kInternal when OpenSSL cannot.
  static Result<JwsKey> Generate();
  /// A public key (or a certificate's), RSA of at least 2,048 bits or P-256.
  /// kInvalidArgument otherwise.
  static Result<JwsKey> FromPem(std::string_view pem);

  /// The public half as PEM.
  std::string PublicPem() const;
  /// Claims as a signed token; only with a generated key.
  Result<std::string> Sign(const nlohmann::json& claims) const;
  bool Verifies(std::string_view algorithm, std::string_view signing_input,
                std::string_view signature) const;

 private:
  struct Handle;
  explicit JwsKey(std::shared_ptr<const Handle> handle)
      : handle_(std::move(handle)) {}

  std::shared_ptr<const Handle> handle_;
};

/// The claims of a token that one of `keys` signed. At most 16 KiB.
/// kMalformed for what is no signed token, kUnauthenticated where no key fits.
Result<nlohmann::json> VerifyJws(std::string_view token,
                                 const std::vector<JwsKey>& keys);

}  // namespace claviger::dev

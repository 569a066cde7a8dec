// SPDX-License-Identifier: Apache-2.0
//
// JWTs for tests, signed with a key made on the spot: what an identity
// provider would issue, and what a forger would. Const functions are safe to
// call from several threads.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace claviger::testing {

enum class JwtAlgorithm { kEs256, kRs256 };

class JwtSigner {
 public:
  /// A new key; aborts the test where OpenSSL cannot make one.
  explicit JwtSigner(JwtAlgorithm algorithm = JwtAlgorithm::kEs256);
  ~JwtSigner();
  JwtSigner(const JwtSigner&) = delete;
  JwtSigner& operator=(const JwtSigner&) = delete;

  /// As Vault's jwt_validation_pubkeys take it.
  const std::string& public_pem() const { return public_pem_; }

  /// {"alg":…,"typ":"JWT"}.claims.signature
  std::string Sign(const nlohmann::json& claims) const;
  /// As Sign, under a header of the test's choice: {"alg":"none"}.
  std::string SignWithHeader(const nlohmann::json& header,
                             const nlohmann::json& claims) const;

 private:
  struct Key;

  JwtAlgorithm algorithm_;
  std::unique_ptr<Key> key_;
  std::string public_pem_;
};

/// header.claims. with an empty signature.
std::string UnsignedJwt(const nlohmann::json& claims);

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Signs the tokens that a cluster and an identity provider would sign, with
// keys made at start and gone with the process. For development and tests
// only. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace claviger::dev {

class JwsKey;

class DevelopmentIssuer {
 public:
  /// `clock` and `random` outlive the issuer. kInternal when no key can be
  /// made.
  static Result<std::unique_ptr<DevelopmentIssuer>> Create(Clock& clock,
                                                           Random& random);
  ~DevelopmentIssuer();
  DevelopmentIssuer(const DevelopmentIssuer&) = delete;
  DevelopmentIssuer& operator=(const DevelopmentIssuer&) = delete;

  /// A projected service account token as a kubelet would write it, good for
  /// `ttl` from now, for one audience.
  Result<Secret> MintServiceAccountToken(std::string_view ns,
                                         std::string_view name,
                                         std::string_view uid,
                                         std::string_view audience,
                                         std::chrono::seconds ttl);

  /// A user's identity token: `sub` is the name, good for an hour; what
  /// `claims_json` (an object) says comes on top and wins, "exp" included.
  /// kInvalidArgument where that is no JSON object.
  Result<Secret> MintUserToken(std::string_view name,
                               std::string_view claims_json);

  /// PEM, as `jwt_validation_pubkeys` takes it.
  const std::string& service_account_public_key() const;
  const std::string& user_public_key() const;

 private:
  DevelopmentIssuer(Clock& clock, Random& random,
                    std::unique_ptr<JwsKey> accounts,
                    std::unique_ptr<JwsKey> users);

  Clock& clock_;
  Random& random_;
  const std::unique_ptr<JwsKey> accounts_;
  const std::unique_ptr<JwsKey> users_;
  const std::string accounts_public_;
  const std::string users_public_;
};

/// The `iss` of service account tokens.
inline constexpr std::string_view kServiceAccountIssuer =
    "https://kubernetes.default.svc.cluster.local";
/// The `iss` of users' tokens.
inline constexpr std::string_view kUserIssuer = "https://idp.dev.claviger.io";

}  // namespace claviger::dev

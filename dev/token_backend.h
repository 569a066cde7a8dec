// SPDX-License-Identifier: Apache-2.0
//
// auth/token/: creation, lookup, renewal and revocation of tokens. Not
// synchronised.
#pragma once

#include <functional>
#include <string>

#include "dev/backend.h"
#include "dev/policies.h"
#include "dev/tokens.h"

namespace claviger::dev {

class TokenBackend final : public Backend {
 public:
  /// The lifetime that an auth method's role gives now, for renewals: 0 where
  /// it says nothing, an error where the role is gone.
  using RoleTtl = std::function<Result<int64_t>(const Token&)>;

  TokenBackend(TokenStore& tokens, PolicyStore& policies, RoleTtl role_ttl)
      : tokens_(tokens), policies_(policies), role_ttl_(std::move(role_ttl)) {}

  bool WantsSudo(const std::string& path) const override {
    return path == "accessors" || path == "accessors/";
  }
  Reply Handle(const Request& request) override;

 private:
  Reply Create(const Request& request, bool orphan);
  Reply LookUp(const Token* token, const std::string& value) const;
  Reply LookUpGiven(const Request& request);
  Reply Renew(Token* token, const std::string& value, const Request& request);
  Reply Revoke(const Token* token);

  std::string Given(const Request& request, const char* field) const;

  TokenStore& tokens_;
  PolicyStore& policies_;
  const RoleTtl role_ttl_;
};

}  // namespace claviger::dev

// SPDX-License-Identifier: Apache-2.0
//
// The port to the operator's own Vault token. Used by one thread at a time.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "base/secret.h"

namespace claviger::op {

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// The token to use now, valid until the next call on this object. Logs in
  /// where there is none (blocking); the login's errors.
  virtual Result<const Secret*> Token() = 0;
  /// Tells that Vault refused the token. True where a new login is due, so
  /// that repeating the call once makes sense.
  virtual bool Refused() = 0;
};

/// A session that knows its token's accessor.
class AccessorSource : public TokenSource {
 public:
  /// Of the token that Token() gave last.
  virtual const std::string& accessor() const = 0;
};

/// A token that somebody else looks after.
class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(Secret token) : token_(std::move(token)) {}
  Result<const Secret*> Token() override { return &token_; }
  bool Refused() override { return false; }

 private:
  Secret token_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// A command's way to a real Vault: the client, the API and the token, which
// comes from a file. Used by one thread at a time where not said otherwise.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "http/client.h"
#include "vault/api.h"

namespace claviger::cli {

struct VaultAddress {
  std::string address;
  std::string ca_file;          // empty: the system's authorities
  std::string vault_namespace;  // empty: none
};

/// Client and API, kept together. Thread-safe and blocking as they are.
class VaultAccess {
 public:
  /// kInvalidArgument where address or CA file are wrong; connects later.
  static Result<std::unique_ptr<VaultAccess>> Open(const VaultAddress& address);

  vault::Api& api() { return *api_; }
  http::Client& client() { return *client_; }

 private:
  VaultAccess() = default;

  std::unique_ptr<http::Client> client_;
  std::unique_ptr<vault::Api> api_;
};

/// Where a token may be, in this order; empty ones are left out.
struct TokenFiles {
  std::string given;     // --token-file
  std::string variable;  // $VAULT_TOKEN_FILE
  std::string home;      // $HOME: <home>/.vault-token
};

/// The first named file's content without the line's end. kNotFound with what
/// to do where none is named or there; the file's error otherwise.
Result<Secret> ReadToken(const TokenFiles& files);

}  // namespace claviger::cli

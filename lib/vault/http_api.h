// SPDX-License-Identifier: Apache-2.0
//
// The Api over HTTP: paths checked and put below <address>/v1/, the token as
// X-Vault-Token, the namespace header only when configured, answers bounded and
// classified once. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "http/client.h"
#include "vault/api.h"

namespace claviger::vault {

struct HttpApiSettings {
  std::string address = {};          // "https://vault.corp:8200"
  std::string vault_namespace = {};  // empty: no X-Vault-Namespace header
  size_t max_answer_bytes = size_t{8} << 20U;
};

/// `client` must outlive the result. kInvalidArgument for an address that is
/// not http(s)://host[:port] with nothing behind it.
Result<std::unique_ptr<Api>> MakeHttpApi(const HttpApiSettings& settings,
                                         http::Client& client);

}  // namespace claviger::vault

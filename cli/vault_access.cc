// SPDX-License-Identifier: Apache-2.0
#include "cli/vault_access.h"

#include <utility>

#include "base/file.h"
#include "http/curl_client.h"
#include "vault/http_api.h"

namespace claviger::cli {
namespace {

constexpr size_t kMaxTokenBytes = 4096;

}  // namespace

Result<std::unique_ptr<VaultAccess>> VaultAccess::Open(
    const VaultAddress& address) {
  std::unique_ptr<VaultAccess> access(new VaultAccess());
  http::CurlSettings curl;
  curl.ca_file = address.ca_file;
  auto client = http::MakeCurlClient(curl);
  if (!client) return Fail(client.error());
  access->client_ = std::move(*client);
  vault::HttpApiSettings settings;
  settings.address = address.address;
  settings.vault_namespace = address.vault_namespace;
  auto api = vault::MakeHttpApi(settings, *access->client_);
  if (!api) return Fail(api.error());
  access->api_ = std::move(*api);
  return access;
}

Result<Secret> ReadToken(const TokenFiles& files) {
  std::string path = files.given.empty() ? files.variable : files.given;
  if (path.empty() && !files.home.empty()) path = files.home + "/.vault-token";
  const char* advice =
      "; write a token to a file and name it by --token-file or "
      "VAULT_TOKEN_FILE";
  if (path.empty()) {
    return Fail(ErrorCode::kNotFound, std::string("no Vault token") + advice);
  }
  auto text = ReadFile(path, kMaxTokenBytes);
  if (!text) {
    text.error().message += advice;
    return Fail(text.error(), "read the Vault token");
  }
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) {
    text->pop_back();
  }
  if (text->empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "read the Vault token: " + path + " is empty");
  }
  return Secret(std::move(*text));
}

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// The Vault of a development run, made ready for operator and sidecars: the
// embedded one, or one that is named and administered by the developer.
// Nothing of this is fit for production. api() is thread-safe.
#pragma once

#include <memory>
#include <string>

#include "access/policy.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "cli/context.h"
#include "cli/vault_access.h"
#include "dev/embedded_vault.h"

namespace claviger::cli {

class DevVault {
 public:
  /// In memory, on a loopback port, gone with this object.
  static Result<std::unique_ptr<DevVault>> Embedded(Context& context);

  /// The one at `where`, with an administrator's token. Enables our KV mount
  /// and an auth mount that trusts this process's development tokens, where
  /// they are missing.
  static Result<std::unique_ptr<DevVault>> At(const VaultAddress& where,
                                              Secret token, Context& context);

  ~DevVault();
  DevVault(const DevVault&) = delete;
  DevVault& operator=(const DevVault&) = delete;

  /// Writes what `secrets_file` lists; a missing file is no error. Embedded
  /// only: kUnsupported otherwise.
  Status Fill(const std::string& secrets_file);

  bool is_embedded() const { return embedded_ != nullptr; }
  const std::string& address() const { return address_; }
  const access::VaultLayout& layout() const { return layout_; }
  vault::Api& api() { return access_->api(); }
  http::Client& client() { return access_->client(); }
  /// An administrator's.
  const Secret& token() const { return token_; }

  /// What a kubelet would mount into the pod of `account`, good for a day.
  Result<Secret> MintToken(const model::ObjectRef& account);

 private:
  DevVault() = default;
  Status Prepare();
  Status Trust();
  dev::DevelopmentIssuer& issuer();

  std::unique_ptr<dev::EmbeddedVault> embedded_;
  std::unique_ptr<dev::DevelopmentIssuer> issuer_;  // not with embedded_
  std::unique_ptr<VaultAccess> access_;
  std::string address_;
  access::VaultLayout layout_;
  Secret token_;
};

}  // namespace claviger::cli

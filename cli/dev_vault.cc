// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_vault.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "cli/secrets_file.h"
#include "vault/sys.h"

namespace claviger::cli {
namespace {

constexpr std::chrono::hours kTokenLife{24};

access::VaultLayout DevelopmentLayout() {
  access::VaultLayout layout;
  layout.cluster = "dev";
  layout.mount = "claviger";
  layout.sidecar_audience = "claviger-dev";
  return layout;
}

/// A path that is mounted already stays as it is.
template <typename Mounts, typename Enable>
Status EnsureMounted(const Result<Mounts>& mounts, const std::string& path,
                     Enable enable) {
  if (!mounts) return Fail(mounts.error());
  if (mounts->count(path) != 0) return {};
  return enable();
}

}  // namespace

DevVault::~DevVault() = default;

Result<std::unique_ptr<DevVault>> DevVault::Embedded(Context& context) {
  std::unique_ptr<DevVault> made(new DevVault());
  auto embedded =
      dev::EmbeddedVault::Start({context.clock, context.random, context.log});
  if (!embedded) return Fail(embedded.error(), "start the embedded Vault");
  made->embedded_ = std::move(*embedded);
  made->address_ = made->embedded_->address();
  made->token_ = made->embedded_->root_token().Clone();
  made->layout_ = DevelopmentLayout();
  auto access = VaultAccess::Open({made->address_, "", ""});
  if (!access) return Fail(access.error());
  made->access_ = std::move(*access);
  if (auto status = made->Prepare(); !status) return Fail(status.error());
  return made;
}

Result<std::unique_ptr<DevVault>> DevVault::At(const VaultAddress& where,
                                               Secret token, Context& context) {
  std::unique_ptr<DevVault> made(new DevVault());
  auto issuer = dev::DevelopmentIssuer::Create(context.clock, context.random);
  if (!issuer) return Fail(issuer.error());
  made->issuer_ = std::move(*issuer);
  made->address_ = where.address;
  made->token_ = std::move(token);
  made->layout_ = DevelopmentLayout();
  made->layout_.auth_kind = "jwt";
  made->layout_.auth_mount = "claviger-dev";
  auto access = VaultAccess::Open(where);
  if (!access) return Fail(access.error());
  made->access_ = std::move(*access);
  if (auto status = made->Prepare(); !status) return Fail(status.error());
  return made;
}

Status DevVault::Prepare() {
  const auto mounts = vault::ListMounts(api(), token_);
  auto status = EnsureMounted(mounts, layout_.mount, [&] {
    return vault::EnableMount(api(), token_, layout_.mount,
                              {"kv", {{"version", "2"}}});
  });
  if (!status) return Fail(status.error(), "prepare Vault at " + address_);
  const auto auth_mounts = vault::ListAuthMounts(api(), token_);
  status = EnsureMounted(auth_mounts, layout_.auth_mount, [&] {
    return vault::EnableAuthMount(api(), token_, layout_.auth_mount,
                                  layout_.auth_kind);
  });
  if (status) status = Trust();
  if (!status) return Fail(status.error(), "prepare Vault at " + address_);
  return {};
}

/// The embedded Vault asks its own issuer, wherever it is told to ask; another
/// one is given the key.
Status DevVault::Trust() {
  const nlohmann::json config =
      is_embedded()
          ? nlohmann::json{{"kubernetes_host", dev::kServiceAccountIssuer}}
          : nlohmann::json{{"jwt_validation_pubkeys",
                            {issuer().service_account_public_key()}}};
  vault::Call call;
  call.verb = vault::Verb::kWrite;
  call.path = "auth/" + layout_.auth_mount + "/config";
  call.body = DumpJson(config);
  call.token = &token_;
  auto answer = api().Do(call);
  if (!answer) return Fail(answer.error());
  return {};
}

Status DevVault::Fill(const std::string& secrets_file) {
  if (!is_embedded()) {
    return Fail(ErrorCode::kUnsupported,
                "secrets are only ever written to the embedded Vault");
  }
  auto entries = ReadSecretsFile(secrets_file);
  if (!entries && entries.error().code == ErrorCode::kNotFound) return {};
  if (!entries) return Fail(entries.error());
  for (const SecretEntry& entry : *entries) {
    auto status = embedded_->PutKv(entry.path, entry.data.Reveal());
    if (!status) return Fail(status.error(), "write " + entry.path);
  }
  return {};
}

Result<Secret> DevVault::MintToken(const model::ObjectRef& account) {
  return issuer().MintServiceAccountToken(
      account.ns, account.name, UuidV5("ServiceAccount/" + ToString(account)),
      layout_.sidecar_audience, kTokenLife);
}

dev::DevelopmentIssuer& DevVault::issuer() {
  return embedded_ ? embedded_->issuer() : *issuer_;
}

}  // namespace claviger::cli

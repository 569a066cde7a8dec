// SPDX-License-Identifier: Apache-2.0
//
// The contract's Vault is the one of `claviger dev`, and its service accounts
// are those of the development issuer.
#include <utility>

#include "base/digest.h"
#include "dev/embedded_vault.h"
#include "http/curl_client.h"
#include "integration/vault_contract.h"
#include "vault/http_api.h"

namespace claviger::testing {
namespace {

class EmbeddedVaultUnderTest final : public VaultUnderTest {
 public:
  Status Start() {
    auto started = dev::EmbeddedVault::Start({clock_, random_, log_});
    if (!started) return Fail(std::move(started).error());
    vault_ = *std::move(started);
    return {};
  }

  std::string address() const override { return vault_->address(); }
  std::string root_token() const override {
    return std::string(vault_->root_token().Reveal());
  }
  Status Seal(bool sealed) override {
    vault_->Seal(sealed);
    return {};
  }

  Status EnableKubernetes(const std::string& mount) override {
    const auto client = *http::MakeCurlClient({});
    const auto api = *vault::MakeHttpApi({.address = address()}, *client);
    const Status enabled =
        vault::EnableAuthMount(*api, vault_->root_token(), mount, "kubernetes");
    if (!enabled) return enabled;
    vault::Call call;
    call.verb = vault::Verb::kWrite;
    call.path = "auth/" + mount + "/config";
    // As with the real one no login passes before; nobody is called there.
    call.body = R"({"kubernetes_host":"https://127.0.0.1:1"})";
    call.token = &vault_->root_token();
    const auto done = api->Do(call);
    return done ? Status{} : Fail(done.error());
  }

  Result<std::string> ServiceAccountToken(
      const std::string& name_space, const std::string& name,
      const std::string& audience) override {
    const auto token = vault_->issuer().MintServiceAccountToken(
        name_space, name, UuidV5(name_space + "/" + name), audience,
        std::chrono::hours(1));
    if (!token) return Fail(token.error());
    return std::string(token->Reveal());
  }

 private:
  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  std::unique_ptr<dev::EmbeddedVault> vault_;
};

}  // namespace

Result<std::unique_ptr<VaultUnderTest>> StartVaultUnderTest() {
  auto vault = std::make_unique<EmbeddedVaultUnderTest>();
  if (Status started = vault->Start(); !started) {
    return Fail(std::move(started).error());
  }
  return vault;
}

}  // namespace claviger::testing

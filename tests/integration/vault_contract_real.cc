// SPDX-License-Identifier: Apache-2.0
//
// The contract's Vault is the real server, and its service accounts are those
// of a real API server, which answers the TokenReviews.
#include <utility>

#include "integration/vault_contract.h"
#include "support/real_servers.h"

namespace claviger::testing {
namespace {

class RealVaultUnderTest final : public VaultUnderTest {
 public:
  explicit RealVaultUnderTest(std::unique_ptr<RealVault> vault)
      : vault_(std::move(vault)) {}

  std::string address() const override { return vault_->address(); }
  std::string root_token() const override { return vault_->root_token(); }
  Status Seal(bool sealed) override {
    return sealed ? vault_->Seal() : vault_->Unseal();
  }

  Status EnableKubernetes(const std::string& mount) override {
    if (Status started = NeedKube(); !started) return started;
    return ConfigureKubernetesAuth(*vault_, *kube_, mount);
  }

  Result<std::string> ServiceAccountToken(
      const std::string& name_space, const std::string& name,
      const std::string& audience) override {
    if (Status started = NeedKube(); !started) {
      return Fail(std::move(started).error());
    }
    for (const Status& made : {kube_->CreateNamespace(name_space),
                               kube_->CreateServiceAccount(name_space, name)}) {
      if (!made) return Fail(made.error());
    }
    return kube_->RequestToken(name_space, name, {audience});
  }

 private:
  // Only the kubernetes tests need it, and it takes seconds.
  Status NeedKube() {
    if (kube_) return {};
    auto started = RealKubeApiServer::Start();
    if (!started) return Fail(std::move(started).error());
    kube_ = *std::move(started);
    return {};
  }

  std::unique_ptr<RealVault> vault_;
  std::unique_ptr<RealKubeApiServer> kube_;
};

}  // namespace

Result<std::unique_ptr<VaultUnderTest>> StartVaultUnderTest() {
  auto vault = RealVault::Start();
  if (!vault) return Fail(std::move(vault).error());
  return std::make_unique<RealVaultUnderTest>(*std::move(vault));
}

}  // namespace claviger::testing

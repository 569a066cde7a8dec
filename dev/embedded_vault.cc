// SPDX-License-Identifier: Apache-2.0
#include "dev/embedded_vault.h"

#include <thread>
#include <utility>

#include "dev/vault_core.h"
#include "http/server.h"

namespace claviger::dev {
namespace {

constexpr size_t kMaxBodyBytes = size_t{2} << 20U;
constexpr std::chrono::milliseconds kDrain{200};

http::ServerLimits Limits() {
  http::ServerLimits limits;
  limits.max_body_bytes = kMaxBodyBytes;
  return limits;
}

}  // namespace

struct EmbeddedVault::Impl {
  std::unique_ptr<DevelopmentIssuer> issuer;
  std::unique_ptr<VaultCore> core;
  std::unique_ptr<http::Server> server;
  std::string address;
  std::thread thread;
};

EmbeddedVault::EmbeddedVault(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}

EmbeddedVault::~EmbeddedVault() {
  impl_->server->Stop(kDrain);
  impl_->thread.join();
}

Result<std::unique_ptr<EmbeddedVault>> EmbeddedVault::Start(
    const Options& options) {
  auto impl = std::make_unique<Impl>();
  auto issuer = DevelopmentIssuer::Create(options.clock, options.random);
  if (!issuer) return Fail(issuer.error());
  impl->issuer = *std::move(issuer);
  auto core = VaultCore::Create(options.clock, options.random, *impl->issuer);
  if (!core) return Fail(core.error());
  impl->core = *std::move(core);
  impl->server = http::MakeServer(Limits(), options.log);
  const auto port = impl->server->ListenTcp(
      "127.0.0.1", 0,
      [&core = *impl->core](http::ServerRequest request,
                            const std::shared_ptr<http::Responder>& responder) {
        responder->Send(core.Answer(std::move(request)));
      });
  if (!port) return Fail(port.error());
  impl->address = "http://127.0.0.1:" + std::to_string(*port);
  impl->thread = std::thread([&server = *impl->server] { server.Run(); });
  return std::unique_ptr<EmbeddedVault>(new EmbeddedVault(std::move(impl)));
}

const std::string& EmbeddedVault::address() const { return impl_->address; }

const Secret& EmbeddedVault::root_token() const {
  return impl_->core->root_token();
}

void EmbeddedVault::Seal(bool sealed) { impl_->core->Seal(sealed); }

Status EmbeddedVault::PutKv(std::string_view path, std::string_view data_json) {
  return impl_->core->PutKv(path, data_json);
}

DevelopmentIssuer& EmbeddedVault::issuer() { return *impl_->issuer; }

}  // namespace claviger::dev

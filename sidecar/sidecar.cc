// SPDX-License-Identifier: Apache-2.0
#include "sidecar/sidecar.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "base/names.h"
#include "http/sharing_server.h"
#include "sidecar/api/guard.h"
#include "sidecar/core.h"
#include "sidecar/probe/network_probe.h"
#include "sidecar/proxy/host.h"
#include "sidecar/proxy/http/target.h"

namespace claviger::sidecar {
namespace {

constexpr std::chrono::milliseconds kHealthDrain{100};

http::ServerLimits HealthLimits() {
  http::ServerLimits limits;
  limits.max_connections = 16;
  limits.max_body_bytes = 1024;
  return limits;
}

Status CheckNames(const Settings& settings) {
  if (!IsClusterName(settings.vault.cluster)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the cluster's name is not [a-z0-9-]{1,40}");
  }
  if (!IsDnsLabel(settings.identity.ns) ||
      !IsDnsSubdomain(settings.identity.name)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the identity is not a service account's name");
  }
  return {};
}

}  // namespace

class Sidecar::Impl {
 public:
  Impl(Settings settings, Dependencies dependencies)
      : core_(std::move(settings), std::move(dependencies)),
        probe_(core_.dependencies().clock, core_.dependencies().random,
               core_.settings().proxy.addresses),
        server_(http::MakeSharingServer(http::ServerLimits(),
                                        core_.dependencies().log, SentOn())),
        health_(http::MakeServer(HealthLimits(), core_.dependencies().log)) {
    core_.SetProbe(probe_);
  }

  Status Start() {
    const Settings& settings = core_.settings();
    if (Status named = CheckNames(settings); !named) return named;
    Status listening = ListenUnix(settings.socket);
    if (listening) listening = MakeSecret(settings);
    if (listening && settings.tcp.port)
      listening = ListenTcp(*settings.tcp.port);
    if (listening && settings.health) {
      listening = ListenHealth(*settings.health);
    }
    if (listening) listening = StartProxies();
    return listening ? core_.Begin() : listening;
  }

  void Run() {
    std::thread worker([this] { core_.worker().Run(); });
    // Of its own, so that no client of the API can keep a probe waiting.
    std::thread health([this] { health_->Run(); });
    std::thread proxies([this] { proxies_->Run(); });
    server_->Run();
    proxies.join();
    core_.worker().Stop();
    worker.join();
    core_.End();
    health_->Stop(kHealthDrain);
    health.join();
    core_.dependencies().log.Info("stopped");
  }

  void Stop() {
    const auto drain = core_.settings().intervals.drain;
    if (proxies_) proxies_->Stop(drain);
    server_->Stop(drain);
  }

  std::optional<uint16_t> tcp_port() const { return tcp_port_; }
  std::optional<uint16_t> health_port() const { return health_port_; }
  const std::vector<proxy::OpenListener>& listeners() const {
    return core_.listeners();
  }

 private:
  http::Handler ApiHandler(const Guard& guard) {
    return [this, &guard](const http::ServerRequest& request,
                          std::shared_ptr<http::Responder> responder) {
      core_.Handle(guard, request, std::move(responder));
    };
  }

  // The requests of the local API that are sent on are the proxy's.
  http::Takeover SentOn() {
    http::Takeover sent_on;
    sent_on.wants = [](std::string_view target) {
      return proxy::ParseApiTarget(target).has_value();
    };
    sent_on.take = [this](std::shared_ptr<http::Handover> handover) {
      proxies_->Take(std::move(handover),
                     [this](std::shared_ptr<http::Handover> back) {
                       server_->Adopt(std::move(back));
                     });
    };
    return sent_on;
  }

  Status ListenUnix(const SocketSettings& socket) {
    socket_guard_ = std::make_unique<SocketGuard>(socket.allowed_uids);
    return server_->ListenUnix(socket.path, socket.mode,
                               ApiHandler(*socket_guard_));
  }

  // There before any port is that asks for it.
  Status MakeSecret(const Settings& settings) {
    const auto& proxied = settings.proxy.listeners;
    if (!settings.tcp.port &&
        std::none_of(proxied.begin(), proxied.end(),
                     [](const auto& wish) { return wish.port.has_value(); })) {
      return {};
    }
    std::string secret = Base64UrlEncode(core_.dependencies().random.Bytes(32));
    Status written = WriteFileAtomically(settings.tcp.secret_file, secret,
                                         settings.tcp.mode);
    secret_ = std::make_shared<const Secret>(std::move(secret));
    return written;
  }

  Status ListenTcp(uint16_t wanted) {
    tcp_guard_ = std::make_unique<TcpGuard>(secret_->Clone());
    Result<uint16_t> port =
        server_->ListenTcp("127.0.0.1", wanted, ApiHandler(*tcp_guard_));
    if (!port) return Fail(std::move(port.error()));
    tcp_port_ = *port;
    return {};
  }

  Status StartProxies() {
    const Dependencies& deps = core_.dependencies();
    proxies_ = std::make_unique<proxy::Host>(
        core_.settings(), deps.clock, deps.random, core_.decisions(),
        core_.metrics(), [this](proxy::CredentialAccess::Post post) {
          return core_.MakeAccess(std::move(post));
        });
    auto open = proxies_->Start(secret_);
    if (!open) return Fail(open.error());
    core_.SetListeners(*std::move(open));
    core_.SetOnChange([this] { proxies_->Review(); });
    return {};
  }

  Status ListenHealth(const HealthSettings& health) {
    Result<uint16_t> port = health_->ListenTcp(
        health.address, health.port,
        [this](const http::ServerRequest& request,
               const std::shared_ptr<http::Responder>& responder) {
          responder->Send(core_.Health(request));
        });
    if (!port) return Fail(std::move(port.error()));
    health_port_ = *port;
    return {};
  }

  Core core_;
  probe::NetworkProbe probe_;
  std::unique_ptr<SocketGuard> socket_guard_;
  std::shared_ptr<const Secret> secret_;  // null: no port asks for it
  std::unique_ptr<TcpGuard> tcp_guard_;
  std::optional<uint16_t> tcp_port_;
  std::optional<uint16_t> health_port_;
  std::unique_ptr<proxy::Host> proxies_;  // once started
  // Last, so that they end first: their handlers use all of the above.
  std::unique_ptr<http::SharingServer> server_;
  std::unique_ptr<http::Server> health_;
};

Sidecar::Sidecar(Settings settings, Dependencies dependencies)
    : impl_(std::make_unique<Impl>(std::move(settings),
                                   std::move(dependencies))) {}
Sidecar::~Sidecar() = default;

Status Sidecar::Start() { return impl_->Start(); }
void Sidecar::Run() { impl_->Run(); }
void Sidecar::Stop() { impl_->Stop(); }
std::optional<uint16_t> Sidecar::tcp_port() const { return impl_->tcp_port(); }
std::optional<uint16_t> Sidecar::health_port() const {
  return impl_->health_port();
}
const std::vector<proxy::OpenListener>& Sidecar::listeners() const {
  return impl_->listeners();
}

}  // namespace claviger::sidecar

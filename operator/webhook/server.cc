// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "operator/webhook/self_call.h"

namespace claviger::op::webhook {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWhileNotReady{1'000};
constexpr milliseconds kDrain{2'000};
constexpr kube::ServerVersion kFirstWithNativeSidecars{1, 29};

http::ServerLimits LimitsOf(const WebhookOptions& options) {
  http::ServerLimits limits;
  limits.max_body_bytes = kMaxReviewBytes;
  limits.max_connections = options.max_connections;
  limits.idle_deadline = std::chrono::minutes(5);
  return limits;
}

// Where a listener of `address` can be called from the same machine.
std::string CallableOf(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

class RunningWebhook final : public Webhook {
 public:
  RunningWebhook(const WebhookOptions& options, const WebhookPorts& ports)
      : options_(options),
        ports_(ports),
        store_(std::make_shared<http::CertificateStore>()),
        desk_(options.settings, options.patience, ports.clock, ports.log,
              ports.counters),
        pods_(
            options.injection, [this] { return desk_.Current(); }, ports.clock,
            ports.log, ports.counters),
        keeper_(options.certificates, ports.client, *store_, ports.random,
                ports.log, ports.counters),
        server_(http::MakeServer(LimitsOf(options), ports.log)) {}

  ~RunningWebhook() override {
    server_->Stop(kDrain);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (upkeep_.joinable()) upkeep_.join();
    desk_.Expire(SteadyTime::max());
    if (serving_.joinable()) serving_.join();
  }
  RunningWebhook(const RunningWebhook&) = delete;
  RunningWebhook& operator=(const RunningWebhook&) = delete;

  Status Start() {
    const auto port =
        server_->ListenTls(options_.address, options_.port, store_,
                           [this](const http::ServerRequest& request,
                                  std::shared_ptr<http::Responder> responder) {
                             Handle(request, std::move(responder));
                           });
    if (!port) return Fail(port.error(), "webhook");
    port_ = *port;
    serving_ = std::thread([this] { server_->Run(); });
    upkeep_ = std::thread([this] { Upkeep(); });
    return {};
  }

  void Publish(std::shared_ptr<const access::Snapshot> snapshot) override {
    desk_.Publish(std::move(snapshot));
  }

  bool Ready() const override { return reached_ && desk_.HasSnapshot(); }
  uint16_t port() const override { return port_; }
  std::shared_ptr<const http::CertificateStore> certificates() const override {
    return store_;
  }
  std::string authorities() const override {
    const std::lock_guard lock(mutex_);
    return authorities_;
  }

 private:
  void Handle(const http::ServerRequest& request,
              std::shared_ptr<http::Responder> responder) {
    if (http::PathOf(request) == kInjectPath) {
      return pods_.Handle(request, responder);
    }
    desk_.Handle(request, std::move(responder));
    if (!desk_.NextDeadline()) return;
    {
      const std::lock_guard lock(mutex_);
      waits_ = true;
    }
    wake_.notify_all();
  }

  void Upkeep() {
    SteadyTime due = ports_.clock.SteadyNow();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      if (ports_.clock.SteadyNow() >= due) {
        Look();
        due = ports_.clock.SteadyNow() +
              (reached_ ? options_.upkeep
                        : std::min(options_.upkeep, kWhileNotReady));
      }
      desk_.Expire(ports_.clock.SteadyNow());
      const auto until = std::min(due, desk_.NextDeadline().value_or(due));
      const auto wait = until - ports_.clock.SteadyNow();
      lock.lock();
      wake_.wait_for(lock, std::max<milliseconds>(wait, milliseconds(1)),
                     [this] { return stopping_ || waits_; });
      waits_ = false;
    }
  }

  // Once it is new enough it stays so: nobody takes a cluster back.
  void LookAtVersion() {
    if (!pods_.NeedsVersion()) return;
    const auto version = ports_.client.Version();
    if (version) {
      pods_.SetNativeSidecars(*version >= kFirstWithNativeSidecars);
    } else {
      ports_.log.Warning("the API server's version is not known",
                         {{"error", version.error().message}});
    }
  }

  void Look() {
    LookAtVersion();
    auto done = keeper_.Tick(ports_.clock.Now());
    if (!done) {
      // What is served stays good; only a failing call of ourselves says
      // that nobody else gets through either.
      ports_.log.Warning("webhook certificates not looked after",
                         {{"error", done.error().message}});
      if (keeper_.published().empty()) return;
    }
    SelfCall call;
    call.address = CallableOf(options_.address);
    call.port = port_;
    call.server_name = options_.certificates.dns_names.front();
    call.bundle_pem = keeper_.published();
    {
      const std::lock_guard lock(mutex_);
      authorities_ = call.bundle_pem;
    }
    const auto reached = Call(call);
    if (!reached) {
      ports_.log.Warning("webhook not reachable as the API server would",
                         {{"error", reached.error().message}});
    }
    reached_ = reached.has_value();
  }

  const WebhookOptions options_;
  const WebhookPorts ports_;
  const std::shared_ptr<http::CertificateStore> store_;
  Desk desk_;
  PodDesk pods_;
  CertificateKeeper keeper_;
  std::unique_ptr<http::Server> server_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool waits_ = false;  // a review has begun to wait
  std::string authorities_;
  std::atomic<bool> reached_ = false;
  uint16_t port_ = 0;
  std::thread serving_;
  std::thread upkeep_;
};

}  // namespace

Result<std::unique_ptr<Webhook>> StartWebhook(const WebhookOptions& options,
                                              const WebhookPorts& ports) {
  if (options.certificates.dns_names.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the webhook needs the DNS name of its service");
  }
  auto webhook = std::make_unique<RunningWebhook>(options, ports);
  if (auto started = webhook->Start(); !started) return Fail(started.error());
  return webhook;
}

}  // namespace claviger::op::webhook

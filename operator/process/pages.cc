// SPDX-License-Identifier: Apache-2.0
#include "operator/process/pages.h"

#include <chrono>

namespace claviger::op {
namespace {

constexpr std::chrono::milliseconds kDrain{2'000};

}  // namespace

Pages::Pages(const Health& health, Logger& log)
    : health_(health), log_(log), server_(http::MakeServer({}, log)) {}

Pages::~Pages() {
  server_->Stop(kDrain);
  if (thread_.joinable()) thread_.join();
}

Status Pages::Listen(const Config& config) {
  const Health& health = health_;
  const auto probes = server_->ListenTcp(
      config.health.address, config.health.port,
      [&health](const http::ServerRequest& request,
                const std::shared_ptr<http::Responder>& responder) {
        responder->Send(health.ProbeAnswer(request));
      });
  if (!probes) return Fail(probes.error());
  const auto metrics = server_->ListenTcp(
      config.metrics.address, config.metrics.port,
      [&health](const http::ServerRequest& request,
                const std::shared_ptr<http::Responder>& responder) {
        responder->Send(health.MetricsAnswer(request));
      });
  if (!metrics) return Fail(metrics.error());
  log_.Info("listening",
            {{"health_port", *probes}, {"metrics_port", *metrics}});
  thread_ = std::thread([this] { server_->Run(); });
  return {};
}

}  // namespace claviger::op

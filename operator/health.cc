// SPDX-License-Identifier: Apache-2.0
#include "operator/health.h"

#include <string>
#include <string_view>
#include <utility>

namespace claviger::op {
namespace {

http::ServerResponse Text(int status, std::string body,
                          std::string_view type = "text/plain") {
  http::ServerResponse response;
  response.status = status;
  response.headers = {{"Content-Type", std::string(type)},
                      {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

http::ServerResponse OnlyGet() {
  http::ServerResponse response = Text(405, "use GET\n");
  response.headers.push_back({"Allow", "GET"});
  return response;
}

}  // namespace

void Health::Saw(const PassReport& report) {
  state_ = report.interrupted ? State::kVaultAway : State::kReady;
}

void Health::Stands(bool ready) {
  state_ = ready ? State::kReady : State::kStarting;
}

void Health::Add(std::function<bool()> ready,
                 std::function<std::string()> metrics) {
  const std::lock_guard lock(mutex_);
  also_ready_ = std::move(ready);
  also_metrics_ = std::move(metrics);
}

bool Health::RestIsReady() const {
  const std::lock_guard lock(mutex_);
  return !also_ready_ || also_ready_();
}

http::ServerResponse Health::ProbeAnswer(
    const http::ServerRequest& request) const {
  const std::string_view path = http::PathOf(request);
  if (path != "/healthz" && path != "/readyz") {
    return Text(404, "use /healthz or /readyz\n");
  }
  if (request.method != "GET") return OnlyGet();
  if (path == "/healthz") return Text(200, "ok\n");
  switch (state_.load()) {
    case State::kReady:
      if (!RestIsReady()) return Text(503, "the webhook is not ready yet\n");
      return Text(200, "ok\n");
    case State::kStarting:
      return Text(503, "the objects were not read yet\n");
    case State::kVaultAway:
      return Text(503, "vault cannot be used; trying again\n");
  }
  return Text(503, "unknown\n");
}

http::ServerResponse Health::MetricsAnswer(
    const http::ServerRequest& request) const {
  if (http::PathOf(request) != "/metrics") return Text(404, "use /metrics\n");
  if (request.method != "GET") return OnlyGet();
  std::string text = metrics_.Serialize();
  {
    const std::lock_guard lock(mutex_);
    if (also_metrics_) text += also_metrics_();
  }
  return Text(200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace claviger::op

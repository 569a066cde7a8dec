// SPDX-License-Identifier: Apache-2.0
#include "operator/push/endpoint.h"

#include <chrono>
#include <thread>
#include <utility>

namespace claviger::op::push {
namespace {

using ResponderPtr = std::shared_ptr<http::Responder>;

constexpr std::string_view kPath = "/v1/changes";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::chrono::milliseconds kDrain{500};
// Somebody who comes too early comes back within this time.
constexpr int kLeastPause = 10;
constexpr int kMorePause = 60;
// Beside those who listen: those who are being looked at.
constexpr size_t kAtTheDoor = 512;

http::ServerLimits LimitsOf(const EndpointOptions& options) {
  http::ServerLimits limits;
  limits.max_header_bytes = 20 * 1024;  // a token may have 16 KiB
  limits.max_body_bytes = 0;
  limits.max_connections = options.max_listeners + kAtTheDoor;
  limits.max_event_streams = options.max_listeners;
  limits.idle_deadline = std::chrono::seconds(10);
  return limits;
}

class RunningEndpoint final : public Endpoint {
 public:
  RunningEndpoint(const EndpointOptions& options, const EndpointPorts& ports)
      : options_(options),
        ports_(ports),
        server_(http::MakeServer(LimitsOf(options), ports.log)),
        reviewer_(options.review, ports.client, ports.clock, ports.log) {}

  ~RunningEndpoint() override {
    hub_.Close();
    server_->Stop(kDrain);
    if (serving_.joinable()) serving_.join();
  }
  RunningEndpoint(const RunningEndpoint&) = delete;
  RunningEndpoint& operator=(const RunningEndpoint&) = delete;

  Status Start() {
    const auto port = server_->ListenTls(
        options_.address, options_.port, ports_.certificates,
        [this](const http::ServerRequest& request, ResponderPtr responder) {
          Handle(request, std::move(responder));
        });
    if (!port) return Fail(port.error(), "push endpoint");
    port_ = *port;
    serving_ = std::thread([this] { server_->Run(); });
    return {};
  }

  Hub& hub() override { return hub_; }
  uint16_t port() const override { return port_; }

 private:
  void Handle(const http::ServerRequest& request, ResponderPtr responder) {
    if (http::PathOf(request) != kPath) return Refuse(*responder, 404);
    if (request.method != "GET") return Refuse(*responder, 405);
    if (!hub_.open()) return Refuse(*responder, 503);
    const auto header = http::FindHeader(request.headers, "Authorization");
    if (!header || !header->starts_with(kBearer)) {
      return Refuse(*responder, 401);
    }
    reviewer_.Review(
        Secret(std::string(header->substr(kBearer.size()))),
        [this, responder = std::move(responder)](Result<std::string> who) {
          Reviewed(who, *responder);
        });
  }

  void Reviewed(const Result<std::string>& who, http::Responder& responder) {
    if (!who) {
      const bool refused = who.error().code == ErrorCode::kUnauthenticated;
      return Refuse(responder, refused ? 401 : 503);
    }
    if (!hub_.open()) return Refuse(responder, 503);
    // Full, or not the leader any more: a stream that is dropped ends.
    hub_.Add(*who, responder.StartEvents());
  }

  void Refuse(http::Responder& responder, int status) {
    http::ServerResponse response;
    response.status = status;
    response.close = true;
    if (status == 503) {
      const int pause =
          kLeastPause + static_cast<int>(ports_.random.Unit() * kMorePause);
      response.headers.emplace_back("Retry-After", std::to_string(pause));
    }
    responder.Send(std::move(response));
  }

  const EndpointOptions options_;
  const EndpointPorts ports_;
  Hub hub_;
  std::unique_ptr<http::Server> server_;
  Reviewer reviewer_;
  uint16_t port_ = 0;
  std::thread serving_;
};

}  // namespace

Result<std::unique_ptr<Endpoint>> StartEndpoint(const EndpointOptions& options,
                                                const EndpointPorts& ports) {
  auto endpoint = std::make_unique<RunningEndpoint>(options, ports);
  if (auto started = endpoint->Start(); !started) return Fail(started.error());
  return endpoint;
}

}  // namespace claviger::op::push

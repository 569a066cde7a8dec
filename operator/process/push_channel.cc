// SPDX-License-Identifier: Apache-2.0
#include "operator/process/push_channel.h"

#include <chrono>
#include <utility>

#include "access/push_document.h"

namespace claviger::op {
namespace {

constexpr std::chrono::seconds kKeepEvery{30};
constexpr std::chrono::minutes kSweepEvery{5};

std::string ServerNameOf(const Config& config) {
  return config.webhook.service + "." + config.own_namespace + ".svc";
}

}  // namespace

Result<std::unique_ptr<PushChannel>> PushChannel::Start(
    const Ports& ports, const std::string& pod_address) {
  const Config& config = ports.config;
  if (!TellsOfChanges(config)) return std::unique_ptr<PushChannel>();
  if (pod_address.empty()) {
    ports.log.Warning(
        "sidecars are not told of changes: CLAVIGER_POD_IP is not set");
    return std::unique_ptr<PushChannel>();
  }
  push::EndpointOptions options;
  options.address = config.push.listener.address;
  options.port = config.push.listener.port;
  options.review.audience = config.push_audience;
  auto endpoint =
      push::StartEndpoint(options, {ports.client, ports.clock, ports.random,
                                    ports.log, ports.webhook.certificates()});
  if (!endpoint) return Fail(endpoint.error());
  auto address = access::PushAddress(pod_address, (*endpoint)->port());
  if (!address) return Fail(address.error(), "CLAVIGER_POD_IP");
  ports.log.Info("telling of changes", {{"address", *address}});
  return std::unique_ptr<PushChannel>(
      new PushChannel(ports, *std::move(address), *std::move(endpoint)));
}

PushChannel::PushChannel(const Ports& ports, std::string address,
                         std::unique_ptr<push::Endpoint> endpoint)
    : ports_(ports),
      address_(std::move(address)),
      endpoint_(std::move(endpoint)) {}

PushChannel::Term::Term(PushChannel* channel, Store& store)
    : channel_(channel),
      store_(store),
      publication_(channel == nullptr ? ""
                                      : channel->ports_.config.layout.cluster) {
  if (channel_ == nullptr) return;
  push::Hub& hub = channel_->endpoint_->hub();
  announcing_ = std::make_unique<push::AnnouncingStore>(
      store, hub, channel_->ports_.config.layout.cluster);
  hub.Open();
}

PushChannel::Term::~Term() {
  if (channel_ != nullptr) channel_->endpoint_->hub().Close();
}

void PushChannel::Term::Keep() {
  if (channel_ == nullptr) return;
  const Ports& ports = channel_->ports_;
  const SteadyTime now = ports.clock.SteadyNow();
  if (now >= sweep_at_) {
    channel_->endpoint_->hub().Sweep();
    sweep_at_ = now + kSweepEvery;
  }
  access::PushDocument document;
  document.authorities = ports.webhook.authorities();
  if (now < keep_at_ || document.authorities.empty()) return;
  keep_at_ = now + kKeepEvery;
  document.address = channel_->address_;
  document.server_name = ServerNameOf(ports.config);
  const Status kept = publication_.Keep(store_, document);
  if (!kept) {
    ports.log.Warning("sidecars cannot find where they are told of changes",
                      {{"error", kept.error().message}});
  }
}

}  // namespace claviger::op

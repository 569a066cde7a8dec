// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/watch_hub.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"

namespace claviger::sidecar {
namespace {

std::string GenerationData(int64_t generation) {
  return "{\"generation\":" + std::to_string(generation) + "}";
}

std::string SlotData(std::string_view connection, std::string_view slot) {
  nlohmann::ordered_json data;
  data["connection"] = connection;
  data["slot"] = slot;
  return DumpJson(data);
}

}  // namespace

void WatchHub::Add(std::shared_ptr<http::EventStream> stream,
                   int64_t generation) {
  if (!stream->Send("generation", GenerationData(generation))) return;
  const std::lock_guard lock(mutex_);
  streams_.push_back(std::move(stream));
  metrics_.SetWatchers(streams_.size());
}

void WatchHub::TellGeneration(int64_t generation) {
  Publish("generation", GenerationData(generation));
}

void WatchHub::TellRotated(std::string_view connection, std::string_view slot) {
  Publish("rotated", SlotData(connection, slot));
}

void WatchHub::TellRevoked(std::string_view connection, std::string_view slot) {
  Publish("revoked", SlotData(connection, slot));
}

void WatchHub::Publish(std::string_view event, std::string_view data) {
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_,
                [&](const auto& stream) { return !stream->Send(event, data); });
  metrics_.SetWatchers(streams_.size());
}

}  // namespace claviger::sidecar

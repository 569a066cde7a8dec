// SPDX-License-Identifier: Apache-2.0
#include "operator/push/hub.h"

#include <utility>

namespace claviger::op::push {
namespace {

constexpr std::string_view kChanged = "changed";
constexpr std::string_view kEveryone = "everyone.sa";

}  // namespace

void Hub::Open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

void Hub::Close() {
  std::unordered_map<std::string, Streams> ended;  // outside the lock
  const std::lock_guard lock(mutex_);
  open_ = false;
  ended.swap(streams_);
  count_ = 0;
}

bool Hub::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool Hub::Add(const std::string& principal,
              std::shared_ptr<http::EventStream> stream) {
  const std::lock_guard lock(mutex_);
  if (!open_) return false;
  streams_[principal].push_back(std::move(stream));
  ++count_;
  return true;
}

void Hub::Announce(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  if (principal == kEveryone) return TellAll(kChanged, "everyone");
  const auto found = streams_.find(principal);
  if (found == streams_.end()) return;
  Tell(found->second, kChanged, "own");
  if (found->second.empty()) streams_.erase(found);
}

void Hub::Sweep() {
  const std::lock_guard lock(mutex_);
  TellAll("ping", "");
}

size_t Hub::listeners() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void Hub::Tell(Streams& streams, std::string_view event,
               std::string_view data) {
  count_ -= std::erase_if(
      streams, [&](const auto& stream) { return !stream->Send(event, data); });
}

void Hub::TellAll(std::string_view event, std::string_view data) {
  for (auto it = streams_.begin(); it != streams_.end();) {
    Tell(it->second, event, data);
    it = it->second.empty() ? streams_.erase(it) : std::next(it);
  }
}

}  // namespace claviger::op::push

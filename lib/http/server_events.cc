// SPDX-License-Identifier: Apache-2.0
#include "http/server_events.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace claviger::http {
namespace {

constexpr size_t kMaxQueued = 64;

bool IsLineBreak(char c) { return c == '\n' || c == '\r'; }

// One "data:" line for each line of the data: a line break inside would
// otherwise end the field, and let data forge events.
std::string Encode(std::string_view event, std::string_view data) {
  std::string text = "event: ";
  std::remove_copy_if(event.begin(), event.end(), std::back_inserter(text),
                      IsLineBreak);
  while (true) {
    const auto* const end = std::find_if(data.begin(), data.end(), IsLineBreak);
    text.append("\ndata: ").append(data.begin(), end);
    if (end == data.end()) break;
    data.remove_prefix(static_cast<size_t>(end - data.begin()) + 1);
  }
  return text.append("\n\n");
}

class Handle final : public EventStream {
 public:
  explicit Handle(std::shared_ptr<EventQueue> queue)
      : queue_(std::move(queue)) {}
  ~Handle() override { queue_->Close(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool Send(std::string_view event, std::string_view data) override {
    return queue_->Put(event, data);
  }

 private:
  const std::shared_ptr<EventQueue> queue_;
};

}  // namespace

bool EventQueue::Put(std::string_view event, std::string_view data) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (queued_.size() < kMaxQueued) {
      queued_.push_back(Encode(event, data));
      if (queued_.size() > 1) return true;  // the first one's wake is under way
      first = true;
    }
  }
  if (!first) {  // too slow
    Close();
    return false;
  }
  wake_();
  return true;
}

bool EventQueue::TakeAll(std::string& out) {
  const std::lock_guard lock(mutex_);
  for (const std::string& event : queued_) out.append(event);
  queued_.clear();
  return !closed_;
}

void EventQueue::Close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
  }
  release_();
  wake_();
}

std::shared_ptr<EventStream> MakeEventStream(
    std::shared_ptr<EventQueue> queue) {
  return std::make_shared<Handle>(std::move(queue));
}

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
//
// The events on their way to one client: put in by any thread, taken out by
// the connection when its last write is done. Bounded; a client that does not
// keep up loses its stream. Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/server.h"

namespace claviger::http {

class EventQueue {
 public:
  /// `wake` tells the connection that there is something to take, or that the
  /// queue was closed; `release` is called once, when the queue closes. Both
  /// are called outside the lock.
  EventQueue(std::function<void()> wake, std::function<void()> release)
      : wake_(std::move(wake)), release_(std::move(release)) {}
  ~EventQueue() { Close(); }
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  /// As EventStream::Send.
  bool Put(std::string_view event, std::string_view data);
  /// Moves everything queued to the end of `out`; false once closed.
  bool TakeAll(std::string& out);
  /// No more events are taken; what is queued still goes out.
  void Close();

 private:
  const std::function<void()> wake_;
  const std::function<void()> release_;
  std::mutex mutex_;
  std::deque<std::string> queued_;
  bool closed_ = false;
};

/// The application's end: when the last holder drops it, the stream ends.
std::shared_ptr<EventStream> MakeEventStream(std::shared_ptr<EventQueue> queue);

}  // namespace claviger::http

// SPDX-License-Identifier: Apache-2.0
//
// The way from any thread into the server's one thread. Outlives the server in
// the hands of those who still hold a Responder or an EventStream; what they
// post then is dropped. Thread-safe.
#pragma once

#include <utility>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <mutex>
#include <thread>

namespace claviger::http {

class Mailbox {
 public:
  Mailbox(boost::asio::io_context& io, size_t max_event_streams)
      : io_(&io), event_slots_(max_event_streams) {}

  /// Run() brackets its work with these.
  void EnterThread() { thread_.store(std::this_thread::get_id()); }
  void LeaveThread() { thread_.store(std::thread::id()); }

  /// The server is gone: nothing is posted any more.
  void Close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

  bool OnServerThread() const {
    return thread_.load(std::memory_order_relaxed) ==
           std::this_thread::get_id();
  }

  template <typename Task>
  void Post(Task&& task) {
    const std::lock_guard lock(mutex_);
    if (io_ != nullptr) boost::asio::post(*io_, std::forward<Task>(task));
  }

  /// Runs at once on the server's thread, and is posted from any other.
  template <typename Task>
  void RunOrPost(Task&& task) {
    if (OnServerThread()) {
      task();
    } else {
      Post(std::forward<Task>(task));
    }
  }

  /// One of the bounded number of event streams; false when all are in use.
  bool TakeEventSlot() {
    size_t left = event_slots_.load();
    while (left > 0) {
      if (event_slots_.compare_exchange_weak(left, left - 1)) return true;
    }
    return false;
  }
  void ReturnEventSlot() { ++event_slots_; }

 private:
  std::atomic<std::thread::id> thread_{};
  std::mutex mutex_;
  boost::asio::io_context* io_;  // guarded by mutex_
  std::atomic<size_t> event_slots_;
};

}  // namespace claviger::http

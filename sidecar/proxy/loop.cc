// SPDX-License-Identifier: Apache-2.0
#include "sidecar/proxy/loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace claviger::sidecar::proxy {
namespace {

// The loop belongs to one thread; others only post.
constexpr int kConcurrencyHint = 1;
// Deadlines are seconds: the timer is not moved for less.
constexpr std::chrono::milliseconds kGrain{20};

}  // namespace

Timed::Timed(Loop& loop) : loop_(loop) { loop_.timed_.insert(this); }

Timed::~Timed() {
  loop_.timed_.erase(this);
  std::replace(loop_.due_.begin(), loop_.due_.end(), this,
               static_cast<Timed*>(nullptr));
}

void Timed::SetDeadline(std::chrono::milliseconds from_now) {
  deadline_ = loop_.clock_.SteadyNow() + from_now;
  loop_.Watch(deadline_);
}

Loop::Loop(const Clock& clock)
    : clock_(clock),
      io_(kConcurrencyHint),
      work_(io_.get_executor()),
      timer_(io_) {}

void Loop::Post(std::function<void()> task) {
  boost::asio::post(io_, std::move(task));
}

void Loop::RunOrPost(std::function<void()> task) {
  if (thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    task();
  } else {
    Post(std::move(task));
  }
}

void Loop::Run() {
  thread_.store(std::this_thread::get_id());
  io_.run();
  thread_.store(std::thread::id());
}

void Loop::Stop() { io_.stop(); }

void Loop::Watch(SteadyTime when) {
  if (when + kGrain >= armed_) return;
  armed_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Sweep();
  });
}

void Loop::Sweep() {
  armed_ = SteadyTime::max();
  const SteadyTime now = clock_.SteadyNow();
  due_.clear();
  for (Timed* timed : timed_) {
    if (timed->deadline_ <= now) due_.push_back(timed);
  }
  for (size_t i = 0; i < due_.size(); ++i) {
    Timed* const timed = due_[i];
    // An earlier one may have ended this one, or moved its deadline.
    if (timed == nullptr || timed->deadline_ > now) continue;
    timed->deadline_ = SteadyTime::max();
    timed->OnDeadline();
  }
  due_.clear();
  SteadyTime next = SteadyTime::max();
  for (const Timed* timed : timed_) next = std::min(next, timed->deadline_);
  if (next != SteadyTime::max()) Watch(next);
}

}  // namespace claviger::sidecar::proxy

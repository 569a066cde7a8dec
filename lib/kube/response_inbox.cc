// SPDX-License-Identifier: Apache-2.0
#include "kube/response_inbox.h"

#include <utility>

namespace claviger::kube {
namespace {

constexpr size_t kMaxHeld = size_t{4} << 20U;

tl::unexpected<Error> Late() {
  return Fail(ErrorCode::kDeadlineExceeded, "no answer in time");
}

}  // namespace

void ResponseInbox::PutHead(const Head& head) {
  const std::lock_guard lock(mutex_);
  head_ = head;
  changed_.notify_all();
}

bool ResponseInbox::PutBytes(std::string_view bytes,
                             std::function<void()> resume) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    if (IsOver(bytes_.size() + bytes.size())) {
      finished_ = true;
      error_ = Error{ErrorCode::kTooLarge, "the answer is too large"};
      changed_.notify_all();
      return false;
    }
    bytes_ += bytes;
    changed_.notify_all();
    if (limit_ == 0 && bytes_.size() > kMaxHeld) {
      resume_ = std::move(resume);
      return true;
    }
  }
  resume();
  return true;
}

void ResponseInbox::Finish(std::optional<Error> error) {
  std::function<void()> resume;
  {
    const std::lock_guard lock(mutex_);
    if (!finished_) error_ = std::move(error);
    finished_ = true;
    resume = std::exchange(resume_, nullptr);
    changed_.notify_all();
  }
  if (resume) resume();
}

void ResponseInbox::Limit(size_t limit) {
  std::function<void()> resume;
  {
    const std::lock_guard lock(mutex_);
    limit_ = limit;
    resume = std::exchange(resume_, nullptr);
    if (IsOver(bytes_.size())) {
      finished_ = true;
      error_ = Error{ErrorCode::kTooLarge, "the answer is too large"};
    }
  }
  if (resume) resume();
}

bool ResponseInbox::Wait(std::unique_lock<std::mutex>& lock,
                         SteadyTime deadline,
                         const std::function<bool()>& ready) {
  while (!ready()) {
    const auto left = deadline - clock_.SteadyNow();
    if (left <= left.zero()) return false;
    changed_.wait_for(lock, left);
  }
  return true;
}

Result<ResponseInbox::Head> ResponseInbox::WaitForHead(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  if (!Wait(lock, deadline, [&] { return head_ || finished_; })) return Late();
  if (head_) return *head_;
  if (error_) return Fail(*error_);
  return Fail(ErrorCode::kUnavailable, "no answer");
}

Result<std::string> ResponseInbox::WaitForAll(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  if (!Wait(lock, deadline, [&] { return finished_; })) return Late();
  if (error_) return Fail(*error_);
  return std::move(bytes_);
}

Result<std::string> ResponseInbox::WaitForSome(
    std::chrono::milliseconds silence) {
  std::string bytes;
  std::function<void()> resume;
  {
    std::unique_lock lock(mutex_);
    const SteadyTime deadline = clock_.SteadyNow() + silence;
    const auto ready = [&] { return finished_ || !bytes_.empty(); };
    if (!Wait(lock, deadline, ready)) return Late();
    if (bytes_.empty() && error_) return Fail(*error_);
    bytes = std::exchange(bytes_, "");
    resume = std::exchange(resume_, nullptr);
  }
  if (resume) resume();
  return bytes;
}

}  // namespace claviger::kube

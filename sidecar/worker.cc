// SPDX-License-Identifier: Apache-2.0
#include "sidecar/worker.h"

namespace claviger::sidecar {

bool Worker::Post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || queue_.size() >= max_queue_) return false;
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

Worker::TimerId Worker::At(SteadyTime when, Job job) {
  TimerId id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    timers_.emplace(TimerKey(when, id), std::move(job));
    when_.emplace(id, when);
  }
  wake_.notify_one();
  return id;
}

void Worker::Cancel(TimerId id) {
  Job dropped;  // destroyed outside the lock: it may own anything
  const std::lock_guard lock(mutex_);
  const auto when = when_.find(id);
  if (when == when_.end()) return;
  const auto timer = timers_.find(TimerKey(when->second, id));
  dropped = std::move(timer->second);
  timers_.erase(timer);
  when_.erase(when);
}

Worker::Job Worker::TakeDue() {
  Job job;
  const auto first = timers_.begin();
  if (first != timers_.end() && first->first.first <= clock_.SteadyNow()) {
    job = std::move(first->second);
    when_.erase(first->first.second);
    timers_.erase(first);
  } else if (!queue_.empty()) {
    job = std::move(queue_.front());
    queue_.pop_front();
  }
  return job;
}

void Worker::WaitForWork(std::unique_lock<std::mutex>& lock) {
  if (timers_.empty()) {
    wake_.wait(lock);
  } else {
    wake_.wait_for(lock, timers_.begin()->first.first - clock_.SteadyNow());
  }
}

void Worker::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    Job job = TakeDue();
    if (!job) {
      WaitForWork(lock);
      continue;
    }
    lock.unlock();
    job();
    job = nullptr;  // what it owns may take our lock
    lock.lock();
  }
}

void Worker::Stop() {
  std::deque<Job> dropped;
  std::map<TimerKey, Job> timers;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    timers.swap(timers_);
    when_.clear();
  }
  wake_.notify_all();
}

void Worker::RunDue() {
  while (true) {
    Job job;
    {
      const std::lock_guard lock(mutex_);
      job = TakeDue();
    }
    if (!job) return;
    job();
  }
}

}  // namespace claviger::sidecar

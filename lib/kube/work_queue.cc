// SPDX-License-Identifier: Apache-2.0
#include "kube/work_queue.h"

#include <algorithm>

namespace claviger::kube {
namespace {

constexpr int kEditsBeforeResync = 7;

}  // namespace

void WorkQueue::Enqueue(const WorkKey& key, Entry& entry,
                        WorkPriority priority) {
  if (entry.at) {
    waiting_.erase({*entry.at, key});
    entry.at.reset();
  }
  if (!entry.queued) ++ready_;
  entry.queued = priority;
  entry.ticket = ++tickets_;
  Lane& lane = lanes_[static_cast<size_t>(priority)];
  std::deque<Place>& places = lane.places[key.ns];
  if (places.empty()) lane.turns.push_back(key.ns);
  places.push_back({key.item, entry.ticket});
}

void WorkQueue::Delay(const WorkKey& key, Entry& entry, SteadyTime at) {
  if (entry.at) waiting_.erase({*entry.at, key});
  entry.at = at;
  waiting_.insert({at, key});
}

void WorkQueue::Add(const WorkKey& key, WorkPriority priority) {
  Entry& entry = entries_[key];
  if (entry.taken) {
    entry.again = entry.again ? std::min(*entry.again, priority) : priority;
    return;
  }
  if (entry.queued && *entry.queued <= priority) return;
  const bool backing_off = entry.at && entry.failures > 0;
  if (backing_off && priority == WorkPriority::kResync) return;
  Enqueue(key, entry, priority);
}

void WorkQueue::AddAt(const WorkKey& key, SteadyTime when) {
  Entry& entry = entries_[key];
  if (entry.queued) return;
  const bool backing_off = entry.at && entry.failures > 0;
  if (backing_off || (entry.at && *entry.at <= when)) return;
  Delay(key, entry, when);
}

std::optional<WorkKey> WorkQueue::Pop(WorkPriority priority) {
  Lane& lane = lanes_[static_cast<size_t>(priority)];
  while (!lane.turns.empty()) {
    std::string ns = std::move(lane.turns.front());
    lane.turns.pop_front();
    const auto places = lane.places.find(ns);
    Place place = std::move(places->second.front());
    places->second.pop_front();
    if (places->second.empty()) {
      lane.places.erase(places);
    } else {
      lane.turns.push_back(ns);
    }
    WorkKey key{std::move(ns), std::move(place.item)};
    const auto entry = entries_.find(key);
    // A place that was given up for a better one is passed over.
    if (entry == entries_.end() || !entry->second.queued ||
        entry->second.ticket != place.ticket) {
      continue;
    }
    entry->second.queued.reset();
    entry->second.taken = true;
    --ready_;
    return key;
  }
  return std::nullopt;
}

std::optional<WorkKey> WorkQueue::Take(SteadyTime now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const WorkKey key = waiting_.begin()->second;
    Entry& entry = entries_.at(key);
    if (entry.taken) {
      waiting_.erase(waiting_.begin());
      entry.at.reset();
      if (!entry.again) entry.again = WorkPriority::kResync;
      continue;
    }
    Enqueue(key, entry, WorkPriority::kResync);
  }
  const bool resync_first = edits_in_a_row_ >= kEditsBeforeResync;
  for (const bool second : {false, true}) {
    const auto priority =
        resync_first != second ? WorkPriority::kResync : WorkPriority::kEdit;
    if (auto key = Pop(priority)) {
      edits_in_a_row_ =
          priority == WorkPriority::kEdit ? edits_in_a_row_ + 1 : 0;
      return key;
    }
  }
  return std::nullopt;
}

void WorkQueue::ForgetIfIdle(const WorkKey& key) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return;
  const Entry& idle = entry->second;
  if (!idle.queued && !idle.at && !idle.taken && idle.failures == 0) {
    entries_.erase(entry);
  }
}

void WorkQueue::Done(const WorkKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.taken) return;
  Entry& entry = found->second;
  entry.taken = false;
  entry.failures = 0;
  if (const auto again = std::exchange(entry.again, std::nullopt)) {
    Enqueue(key, entry, *again);
  }
  ForgetIfIdle(key);
}

void WorkQueue::Retry(const WorkKey& key, SteadyTime now,
                      std::chrono::milliseconds retry_after) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.taken) return;
  Entry& entry = found->second;
  entry.taken = false;
  const auto again = std::exchange(entry.again, std::nullopt);
  const auto wait =
      BackoffDelay(backoff_, entry.failures++, retry_after, random_);
  if (again == WorkPriority::kEdit) {
    // What failed is not what is there now.
    Enqueue(key, entry, *again);
  } else {
    Delay(key, entry, now + wait);
  }
}

std::optional<SteadyTime> WorkQueue::NextAt() const {
  if (ready_ > 0) return SteadyTime::min();
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

size_t WorkQueue::size() const { return ready_ + waiting_.size(); }

}  // namespace claviger::kube

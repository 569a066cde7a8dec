// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/news_queue.h"

#include <utility>

namespace claviger::op {

void NewsQueue::Add(const ObjectId& id, Order order) {
  const auto [at, is_new] = tickets_.try_emplace(id, next_);
  if (!is_new && order == Order::kKeep) return;
  Line& line = lines_[id.ref.ns];
  if (!is_new) {
    line.erase(std::exchange(at->second, next_));
  } else if (line.empty()) {
    turns_.push_back(id.ref.ns);
  }
  line.emplace(next_++, id);
}

void NewsQueue::Drop(const ObjectId& id) {
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return;
  const auto line = lines_.find(id.ref.ns);
  line->second.erase(found->second);
  tickets_.erase(found);
  if (!line->second.empty()) return;
  lines_.erase(line);
  std::erase(turns_, id.ref.ns);
}

// The first of a line is in the piece from here on.
void NewsQueue::Leave(Line& line, std::set<ObjectId>& piece) {
  const auto first = line.begin();
  tickets_.erase(first->second);
  piece.insert(std::move(first->second));
  line.erase(first);
}

std::set<ObjectId> NewsQueue::Take() {
  std::set<ObjectId> piece;
  while (!turns_.empty()) {
    const auto found = lines_.find(turns_.front());
    Line& line = found->second;
    const bool few = line.size() <= kFew;
    const bool fits = few && piece.size() + line.size() <= kPiece;
    if (!piece.empty() && !fits) return piece;
    while (!line.empty() && piece.size() < kPiece) Leave(line, piece);
    std::string ns = std::move(turns_.front());
    turns_.pop_front();
    if (line.empty()) {
      lines_.erase(found);
    } else {
      turns_.push_back(std::move(ns));
    }
    if (!few) return piece;
  }
  return piece;
}

std::set<ObjectId> NewsQueue::TakeAll() {
  std::set<ObjectId> all;
  for (const auto& [id, ticket] : tickets_) all.insert(id);
  *this = NewsQueue();
  return all;
}

}  // namespace claviger::op

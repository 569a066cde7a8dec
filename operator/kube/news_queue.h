// SPDX-License-Identifier: Apache-2.0
//
// Which objects are new, each once, in pieces of bounded size: namespaces take
// turns, so that ten thousand objects of one do not hold up the one of another,
// and a piece of one that has many holds nothing of others, whose edits would
// wait for all of it. Within a namespace, in the order of arrival. Pure; not
// synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "operator/kube/object_id.h"

namespace claviger::op {

class NewsQueue {
 public:
  /// How many objects a piece holds at most.
  static constexpr size_t kPiece = 8;
  /// Namespaces with no more than that share a piece.
  static constexpr size_t kFew = 2;

  /// One that is there keeps its place, or is now the last of its namespace:
  /// what only gives must not overtake what came to hold it back.
  enum class Order { kKeep, kLast };
  void Add(const ObjectId& id, Order order = Order::kKeep);
  /// It is not new any more.
  void Drop(const ObjectId& id);

  /// The next piece; empty where nothing is new.
  std::set<ObjectId> Take();
  std::set<ObjectId> TakeAll();
  bool empty() const { return tickets_.empty(); }

 private:
  using Line = std::map<uint64_t, ObjectId>;  // by ticket

  void Leave(Line& line, std::set<ObjectId>& piece);

  std::map<ObjectId, uint64_t> tickets_;
  std::map<std::string, Line> lines_;  // of each namespace that has something
  std::deque<std::string> turns_;      // the same namespaces
  uint64_t next_ = 0;
};

}  // namespace claviger::op

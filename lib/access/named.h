// SPDX-License-Identifier: Apache-2.0
//
// Subjects as small numbers, so that matching the Grants of an organization
// against thousands of principals compares no text and follows no pointer. For
// lib/access only. Immutable once a Snapshot holds them; pure.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/caller.h"
#include "access/group_graph.h"
#include "model/object.h"

namespace claviger::access {

/// Whom one subject names.
struct Named {
  enum class Kind : uint8_t { kCaller, kGroup, kEveryone };
  Kind kind = Kind::kEveryone;
  int id = 0;  // NameTable's for a caller, the graph's for a group
};

/// The subjects of one Grant, or an owner: a stretch of one long list.
struct NamedRange {
  const Named* first = nullptr;
  const Named* last = nullptr;
  const Named* begin() const { return first; }
  const Named* end() const { return last; }
};

/// Every service account and user that some subject names.
class NameTable {
 public:
  /// Adds what `subject` names to `out`; nothing for a group that does not
  /// exist, or a kind that no Grant has.
  void Add(const model::Subject& subject, const GroupGraph& graph,
           std::vector<Named>& out);
  /// -1 where no subject names the caller.
  int Find(const Caller& caller) const;
  /// Ids are below it.
  int size() const { return static_cast<int>(ids_.size()); }

 private:
  std::unordered_map<std::string, int> ids_;
};

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// What an object's status says: conditions as Kubernetes defines them, and a
// few counts. Read from what the API server sent, compared with what it should
// be, and written only where they differ. Plain values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace claviger::model {
struct Node;
}

namespace claviger::op {

/// metav1.Condition. `since` is lastTransitionTime; absent (empty) in what
/// should be, since it follows from what was there before.
struct Condition {
  std::string type;  // "Accepted", "Programmed", "Ready", ...
  bool holds = false;
  std::string reason;  // CamelCase, of docs/reference/conditions.md
  std::string message;
  std::string since;

  /// Says the same, whenever that began.
  bool Agrees(const Condition& other) const;
};

struct ObjectStatus {
  int64_t observed_generation = 0;
  std::vector<Condition> conditions;      // sorted by type
  std::map<std::string, int64_t> counts;  // "grants": 4

  const Condition* Find(std::string_view type) const;
  /// The leader found it deleted before, and has not found otherwise since.
  bool SaysRestored() const;
  bool Agrees(const ObjectStatus& other) const;
};

/// The `status` of an object, leniently: what is not there, or is not what it
/// should be, is left out, and will be written again.
ObjectStatus ReadStatus(const model::Node& object);

/// The `status` that, merged into `seen` (RFC 7396), makes it say `wanted`. A
/// condition whose status does not change keeps its lastTransitionTime.
std::string StatusPatch(const ObjectStatus& wanted, const ObjectStatus& seen,
                        Time now);

}  // namespace claviger::op

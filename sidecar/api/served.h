// SPDX-License-Identifier: Apache-2.0
//
// What was handed out under the present bindings: per connection and slot hint
// the chosen slot, where its credential is, and the answer's body, so that the
// next one like it costs a copy. Bodies are secret and wiped when dropped.
// Bounded; thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "model/object.h"
#include "sidecar/decisions/log.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

/// Everything that an answer's body depends on, but for the process itself.
struct ServedState {
  std::string slot;
  int64_t generation = 0;
  std::shared_ptr<const Credential> credential;
  bool stale = false;
  bool degraded = false;
  std::optional<Time> expires_at;
  bool operator==(const ServedState&) const = default;
};

/// What Upkeep needs to know about one of them.
struct ServedSlot {
  model::ObjectRef connection;
  std::optional<std::string> hint;
  std::string slot;
  std::string credential_key;
};

class ServedAnswers {
 public:
  /// An answer's body, and the decision that it tells of.
  struct Found {
    std::string body;
    DecisionLog::Ticket decision;
  };
  /// The one made for exactly this state, if it is at hand.
  std::optional<Found> Find(const model::ObjectRef& connection,
                            const std::optional<std::string>& hint,
                            const ServedState& state) const;
  void Put(ServedSlot slot, ServedState state, std::string_view body,
           DecisionLog::Ticket decision);

  std::vector<ServedSlot> Slots() const;
  /// Notes that another slot is chosen now; its body is made when asked for.
  void SetSlot(const ServedSlot& before, std::string slot,
               std::string credential_key);
  void Drop(const ServedSlot& slot);
  /// Drops all bodies; the slots stay known.
  void DropBodies();

 private:
  struct Answer {
    ServedSlot slot;
    ServedState state;
    Secret body;
    DecisionLog::Ticket decision;
  };
  static constexpr size_t kMaxAnswers = 1'024;

  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
};

}  // namespace claviger::sidecar

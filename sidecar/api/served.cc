// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/served.h"

#include <utility>

namespace claviger::sidecar {
namespace {

std::string KeyOf(const model::ObjectRef& connection,
                  const std::optional<std::string>& hint) {
  std::string key;
  key.reserve(128);
  key.append(connection.ns).append("/").append(connection.name);
  if (hint) key.append(" ").append(*hint);
  return key;
}

}  // namespace

std::optional<ServedAnswers::Found> ServedAnswers::Find(
    const model::ObjectRef& connection, const std::optional<std::string>& hint,
    const ServedState& state) const {
  const std::string key = KeyOf(connection, hint);
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end() || found->second.body.empty() ||
      found->second.state != state) {
    return std::nullopt;
  }
  return Found{std::string(found->second.body.Reveal()),
               found->second.decision};
}

void ServedAnswers::Put(ServedSlot slot, ServedState state,
                        std::string_view body, DecisionLog::Ticket decision) {
  const std::string key = KeyOf(slot.connection, slot.hint);
  const std::lock_guard lock(mutex_);
  if (answers_.size() >= kMaxAnswers && !answers_.contains(key)) return;
  answers_.insert_or_assign(
      key, Answer{std::move(slot), std::move(state), Secret(std::string(body)),
                  std::move(decision)});
}

std::vector<ServedSlot> ServedAnswers::Slots() const {
  const std::lock_guard lock(mutex_);
  std::vector<ServedSlot> slots;
  slots.reserve(answers_.size());
  for (const auto& [key, answer] : answers_) slots.push_back(answer.slot);
  return slots;
}

void ServedAnswers::SetSlot(const ServedSlot& before, std::string slot,
                            std::string credential_key) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(KeyOf(before.connection, before.hint));
  if (found == answers_.end()) return;
  found->second.slot.slot = std::move(slot);
  found->second.slot.credential_key = std::move(credential_key);
}

void ServedAnswers::Drop(const ServedSlot& slot) {
  const std::lock_guard lock(mutex_);
  answers_.erase(KeyOf(slot.connection, slot.hint));
}

void ServedAnswers::DropBodies() {
  const std::lock_guard lock(mutex_);
  for (auto& [key, answer] : answers_) {
    answer.state = {};
    answer.body = Secret();
  }
}

}  // namespace claviger::sidecar

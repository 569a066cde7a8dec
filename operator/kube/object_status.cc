// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/object_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "model/api_object.h"
#include "model/object.h"

namespace claviger::op {
namespace {

using model::Node;
using nlohmann::json;

// metav1.Condition allows 32,768; a person reads less.
constexpr size_t kMaxMessage = 1'024;

std::string Shortened(const std::string& message) {
  if (message.size() <= kMaxMessage) return message;
  return message.substr(0, kMaxMessage - 3) + "...";
}

void ReadConditions(const Node& status, ObjectStatus& out) {
  const Node* conditions = status.Find("conditions");
  if (conditions == nullptr || conditions->kind != Node::Kind::kSequence) {
    return;
  }
  out.conditions.reserve(conditions->children.size());
  for (const Node& one : conditions->children) {
    if (one.kind != Node::Kind::kMap) continue;
    out.conditions.push_back({TextAt(one, "type"),
                              TextAt(one, "status") == "True",
                              TextAt(one, "reason"), TextAt(one, "message"),
                              TextAt(one, "lastTransitionTime")});
  }
  std::sort(
      out.conditions.begin(), out.conditions.end(),
      [](const Condition& a, const Condition& b) { return a.type < b.type; });
}

}  // namespace

bool Condition::Agrees(const Condition& other) const {
  return type == other.type && holds == other.holds && reason == other.reason &&
         Shortened(message) == Shortened(other.message);
}

const Condition* ObjectStatus::Find(std::string_view type) const {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [type](const Condition& one) { return one.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool ObjectStatus::SaysRestored() const {
  const Condition* accepted = Find("Accepted");
  return accepted != nullptr && !accepted->holds &&
         accepted->reason == model::kRestored;
}

bool ObjectStatus::Agrees(const ObjectStatus& other) const {
  return observed_generation == other.observed_generation &&
         counts == other.counts &&
         std::equal(conditions.begin(), conditions.end(),
                    other.conditions.begin(), other.conditions.end(),
                    [](const Condition& a, const Condition& b) {
                      return a.Agrees(b);
                    });
}

ObjectStatus ReadStatus(const Node& object) {
  ObjectStatus out;
  const Node* status = object.Find("status");
  if (status == nullptr || status->kind != Node::Kind::kMap) return out;
  for (const Node& one : status->children) {
    const std::optional<int64_t> value = model::IntegerOf(one);
    if (!value) continue;
    if (one.key == "observedGeneration") {
      out.observed_generation = *value;
    } else {
      out.counts.emplace(one.key, *value);
    }
  }
  ReadConditions(*status, out);
  return out;
}

std::string StatusPatch(const ObjectStatus& wanted, const ObjectStatus& seen,
                        Time now) {
  json status = {{"observedGeneration", wanted.observed_generation},
                 {"conditions", json::array()}};
  for (const Condition& condition : wanted.conditions) {
    const Condition* before = seen.Find(condition.type);
    const bool same = before != nullptr && before->holds == condition.holds &&
                      !before->since.empty();
    status["conditions"].push_back(
        {{"type", condition.type},
         {"status", condition.holds ? "True" : "False"},
         {"reason", condition.reason},
         {"message", Shortened(condition.message)},
         {"observedGeneration", wanted.observed_generation},
         {"lastTransitionTime", same ? before->since : FormatRfc3339(now)}});
  }
  for (const auto& [name, count] : wanted.counts) status[name] = count;
  // A merge patch removes by null what is there and should not be.
  for (const auto& [name, count] : seen.counts) {
    if (wanted.counts.count(name) == 0) status[name] = nullptr;
  }
  return DumpJson(status);
}

}  // namespace claviger::op

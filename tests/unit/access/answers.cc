// SPDX-License-Identifier: Apache-2.0
#include "unit/access/answers.h"

namespace claviger::testing {
namespace {

std::string Line(access::Reason reason, const std::string& slot,
                 const std::optional<int>& depth, const model::VaultRef* vault,
                 const std::vector<std::string>& slots,
                 const std::optional<Time>& valid_until) {
  std::string text(ToString(reason));
  if (!slot.empty()) text += " " + slot;
  if (depth) text += " depth " + std::to_string(*depth);
  if (vault != nullptr) text += " from " + Text(*vault);
  for (const std::string& one : slots) text += " " + one;
  if (valid_until) text += " until " + FormatRfc3339(*valid_until);
  return text;
}

}  // namespace

std::string Text(const model::VaultRef& ref) {
  std::string text = std::string(ToString(ref.engine)) + " " + ApiPath(ref);
  if (ref.version) text += "@" + std::to_string(*ref.version);
  for (const auto& [ours, theirs] : ref.keys) text += "," + ours + "=" + theirs;
  return text;
}

std::string Text(const model::PrivilegeSet& set) {
  std::string text;
  for (const model::Privilege one :
       {model::Privilege::kView, model::Privilege::kUse,
        model::Privilege::kReadSecret, model::Privilege::kShare,
        model::Privilege::kManage}) {
    if (set.Has(one)) text.append(" ").append(ToString(one));
  }
  return text;
}

std::string Text(const access::Decision& decision) {
  return Line(decision.reason, decision.slot, decision.depth, decision.vault,
              decision.slots, decision.valid_until);
}

std::string Text(const OracleAnswer& answer) {
  // Only an answer that gives something says until when.
  const bool given = answer.reason == access::Reason::kAllowed;
  return Line(answer.reason, answer.slot, answer.depth,
              answer.vault ? &*answer.vault : nullptr, answer.slots,
              given ? answer.valid_until : std::nullopt);
}

std::string Ask(const World& world, const access::Caller& caller,
                const model::ObjectRef& connection,
                const access::Question& question) {
  return ToString(caller) + " asks for " + ToString(connection) + ": " +
         Describe(question) + "\n" + Describe(world);
}

access::Snapshot Judge(const model::Objects& objects) {
  return access::Snapshot(objects, access::SnapshotSettings());
}

access::Budgets TinyBudgets(uint64_t seed) {
  Dice dice(seed);
  access::Budgets budgets;
  budgets.open_per_namespace = dice.Between(1, 3);
  budgets.slots = dice.Between(0, 6);
  budgets.namespaces = dice.Between(1, 3);
  return budgets;
}

access::Snapshot Judge(const model::Objects& objects,
                       const access::Budgets& budgets) {
  access::SnapshotSettings settings;
  settings.budgets = budgets;
  return access::Snapshot(objects, settings);
}

std::vector<model::ObjectRef> AllConnections(const World& world) {
  std::vector<model::ObjectRef> refs = {{"sales", "missing"}};
  for (const model::Connection& connection : world.objects.connections) {
    refs.push_back(connection.ref());
  }
  return refs;
}

}  // namespace claviger::testing

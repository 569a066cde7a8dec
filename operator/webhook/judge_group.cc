// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "operator/webhook/rules.h"

namespace claviger::op::webhook {
namespace {

using model::Group;
using model::Privilege;
using model::Subject;
using model::SubjectKind;

std::string ListOf(const std::vector<Subject>& admins) {
  std::string text;
  for (const Subject& admin : admins) {
    if (!text.empty()) text += ", ";
    text += Describe(admin);
  }
  return text;
}

Finding MayChange(const Case& one) {
  if (one.requester.AdministersAll()) return std::nullopt;
  const auto& old = one.review.old_object->group;
  const Group* known = old ? one.view.FindGroup(old->metadata.name) : nullptr;
  if (known != nullptr && known->metadata.uid == old->metadata.uid &&
      model::IsRestored(known->refused)) {
    return OutOfABackup("ask an administrator of all namespaces");
  }
  if (old && one.requester.IsAdminOf(*old)) return std::nullopt;
  const std::string admins = old ? ListOf(old->admins) : "";
  return Refused{
      Rule::kGroupAdmin,
      one.requester.name() + " is not an admin of the group; " +
          (admins.empty() ? "it has none" : "its admins are " + admins),
      admins.empty() ? "ask an administrator of all namespaces"
                     : "ask one of them; being a member is not enough"};
}

// A Group that others already name gives its members something the moment it
// exists. So whoever makes it must have had the right to give that.
Finding MayCreate(const Case& one, const Group& group) {
  if (one.requester.AdministersAll()) return std::nullopt;
  const GroupUses& uses = one.view.UsesOf(group.metadata.name);
  const auto& connections = one.view.snapshot().connections();
  for (const int index : uses.connections) {
    const model::Connection& connection =
        connections[static_cast<size_t>(index)];
    if (one.requester.AdministersNamespace(connection.metadata.ns) ||
        one.requester.On(connection.ref(), one.now).Has(Privilege::kManage)) {
      continue;
    }
    return Refused{Rule::kPrivilege,
                   "Connection " + ToString(connection.ref()) +
                       " already gives a group of this name something, and " +
                       one.requester.name() + " lacks manage on it; " +
                       WhoManages(connection),
                   "choose another name, or ask one of them to create it"};
  }
  for (const int index : uses.groups) {
    const Group& parent =
        one.view.snapshot().groups()[static_cast<size_t>(index)];
    if (one.requester.IsAdminOf(parent)) continue;
    return Refused{Rule::kGroupAdmin,
                   "Group " + parent.metadata.name +
                       " already names a group of this name, and " +
                       one.requester.name() + " is not its admin",
                   "choose another name, or ask its admin to create it"};
  }
  return std::nullopt;
}

// Walks down the members, with `group` as it would be. Iterative: a chain may
// be as long as there are groups.
class CycleSearch {
 public:
  CycleSearch(const View& view, const Group& group)
      : view_(view), group_(group) {}

  /// "finance -> controllers -> finance"; empty without a cycle.
  std::string Run() {
    std::vector<const Group*> open = {&group_};
    while (!open.empty()) {
      const Group* at = open.back();
      open.pop_back();
      for (const Subject& member : at->members) {
        if (member.kind != SubjectKind::kGroup) continue;
        if (member.name == group_.metadata.name) return PathTo(*at);
        const Group* child = view_.FindGroup(member.name);
        if (child == nullptr || !above_.emplace(child, at).second) continue;
        open.push_back(child);
      }
    }
    return "";
  }

 private:
  // A cycle through many groups is named by its ends.
  static constexpr size_t kMaxNamed = 8;

  std::string PathTo(const Group& last) const {
    std::vector<std::string> names;
    for (const Group* at = &last; at != &group_; at = above_.at(at)) {
      names.push_back(at->metadata.name);
    }
    std::string text = group_.metadata.name;
    for (size_t i = names.size(); i-- > 0;) {
      const size_t place = names.size() - i;
      if (names.size() > kMaxNamed && place == kMaxNamed) text += " -> ...";
      if (names.size() > kMaxNamed && place >= kMaxNamed && i > 0) continue;
      text += " -> " + names[i];
    }
    return text + " -> " + group_.metadata.name;
  }

  const View& view_;
  const Group& group_;
  std::unordered_map<const Group*, const Group*> above_;
};

Finding CheckCycle(const Case& one, const Group& group) {
  const std::string cycle = CycleSearch(one.view, group).Run();
  if (cycle.empty()) return std::nullopt;
  return Refused{Rule::kCycle, "the group would contain itself: " + cycle,
                 "take one of these out of the other's members"};
}

}  // namespace

Finding JudgeGroup(const Case& one) {
  const Review& review = one.review;
  if (review.operation != Operation::kCreate) {
    if (auto found = MayChange(one)) return found;
  }
  if (review.operation == Operation::kDelete) return std::nullopt;
  if (auto found = CheckSound(*review.object)) return found;
  const Group& group = *review.object->group;
  if (review.operation == Operation::kCreate) {
    if (auto found = MayCreate(one, group)) return found;
  }
  return CheckCycle(one, group);
}

}  // namespace claviger::op::webhook

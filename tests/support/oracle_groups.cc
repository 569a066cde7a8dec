// SPDX-License-Identifier: Apache-2.0
//
// Step 2, membership.
#include <algorithm>

#include "support/oracle.h"

namespace claviger::testing {
namespace {

using access::Caller;
using model::Group;
using model::Subject;
using model::SubjectKind;

bool IsDirectMember(const Group& group, const Caller& caller) {
  const bool account = caller.kind == Caller::Kind::kServiceAccount;
  for (const Subject& member : group.members) {
    switch (member.kind) {
      case SubjectKind::kServiceAccount:
        if (account && member.ns == caller.ns && member.name == caller.name) {
          return true;
        }
        break;
      case SubjectKind::kNamespace:
        if (account && member.name == caller.ns) return true;
        break;
      case SubjectKind::kUser:
        if (!account && member.name == caller.name) return true;
        break;
      case SubjectKind::kGroup:
      case SubjectKind::kEveryone:
        break;
    }
  }
  if (account || !group.claim) return false;
  const auto claim = caller.claims.find(group.claim->name);
  return claim != caller.claims.end() &&
         std::count(claim->second.begin(), claim->second.end(),
                    group.claim->value) > 0;
}

// The groups that have the group `child` as a direct member.
std::vector<const Group*> ParentsOf(const model::Objects& objects,
                                    const std::string& child) {
  std::vector<const Group*> parents;
  for (const Group& group : objects.groups) {
    for (const Subject& member : group.members) {
      if (member.kind == SubjectKind::kGroup && member.name == child) {
        parents.push_back(&group);
        break;
      }
    }
  }
  return parents;
}

// Whether going up from `from`, by at least one step, arrives at `goal`.
bool Reaches(const model::Objects& objects, const std::string& from,
             const std::string& goal, std::set<std::string>& been) {
  for (const Group* parent : ParentsOf(objects, from)) {
    if (parent->metadata.name == goal) return true;
    if (!been.insert(parent->metadata.name).second) continue;
    if (Reaches(objects, parent->metadata.name, goal, been)) return true;
  }
  return false;
}

bool LiesOnCycle(const model::Objects& objects, const Group& group) {
  std::set<std::string> been;
  return Reaches(objects, group.metadata.name, group.metadata.name, been);
}

// Every path upwards that a permission may take: no refused group, none on a
// cycle, at most 16 deep. The shortest path to each group counts.
void ClimbForAllow(const model::Objects& objects, const Group& group, int depth,
                   std::map<std::string, int>& nearest) {
  if (depth > 16 || group.refused || LiesOnCycle(objects, group)) return;
  const auto known = nearest.try_emplace(group.metadata.name, depth).first;
  known->second = std::min(known->second, depth);
  for (const Group* parent : ParentsOf(objects, group.metadata.name)) {
    ClimbForAllow(objects, *parent, depth + 1, nearest);
  }
}

void ClimbForDeny(const model::Objects& objects, const Group& group,
                  std::set<std::string>& been) {
  if (!been.insert(group.metadata.name).second) return;
  for (const Group* parent : ParentsOf(objects, group.metadata.name)) {
    ClimbForDeny(objects, *parent, been);
  }
}

}  // namespace

OracleGroups GroupsOf(const model::Objects& objects, const Caller& caller) {
  OracleGroups groups;
  for (const Group& group : objects.groups) {
    if (!IsDirectMember(group, caller)) continue;
    ClimbForAllow(objects, group, 1, groups.allow);
    ClimbForDeny(objects, group, groups.deny);
  }
  return groups;
}

}  // namespace claviger::testing

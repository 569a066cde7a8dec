// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/names.h"
#include "model/check.h"
#include "model/limits.h"
#include "model/validate.h"

namespace claviger::model {
namespace {

// Claims are often named by URL ("https://corp.example/groups"). Vault takes a
// leading slash for a pointer into the token, so there is none.
bool IsClaimName(std::string_view name) {
  if (!IsUserName(name) || name.size() > kMaxClaimName) return false;
  return name.front() != '/' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') ||
                  std::string_view("_.:/-").find(c) != std::string_view::npos;
         });
}

constexpr NameRule kClaimRule = {
    IsClaimName, "a claim's name",
    "use letters, digits and _ . : / -, at most 128"};

}  // namespace

void Validate(const Group& group, Report& report) {
  CheckMetadata(group.metadata, false, report);
  CheckSubjects(group.members, kMaxMembers, "spec.members", report);
  CheckSubjects(group.admins, kMaxAdmins, "spec.admins", report);
  if (group.claim) {
    CheckName(group.claim->name, kClaimRule, "spec.claim.name", report);
    CheckName(group.claim->value, kUserRule, "spec.claim.value", report);
  }
}

}  // namespace claviger::model

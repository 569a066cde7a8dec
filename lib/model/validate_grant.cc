// SPDX-License-Identifier: Apache-2.0
#include "model/check.h"
#include "model/limits.h"
#include "model/text.h"
#include "model/validate.h"

namespace claviger::model {
namespace {

void CheckDeny(const Grant& grant, Report& report) {
  if (grant.credential) {
    report.Invalid("spec.credential", "a Deny brings no credential",
                   "remove it, or set spec.effect: Allow");
  }
  if (grant.privileges.Has(Privilege::kView)) {
    report.Invalid("spec.privileges", "view cannot be denied",
                   "deny use, readSecret, share or manage");
  } else if (grant.privileges.empty()) {
    report.Invalid("spec.privileges", "empty, so nothing is denied",
                   "deny use, readSecret, share or manage");
  }
}

void CheckSlot(const GrantSlot& slot, Report& report) {
  CheckVaultRef(slot.vault, "spec.credential.vault", report);
  if (slot.priority < kMinPriority || slot.priority > kMaxPriority) {
    report.Invalid("spec.credential.priority", "not between -1000 and 1000",
                   "choose a number in that range");
  }
}

void CheckReason(const std::string& reason, Report& report) {
  CheckSize(CountCharacters(reason), kMaxReason, "characters", "spec.reason",
            report);
  if (FindBadText(reason)) {
    report.Invalid("spec.reason", "has control characters", "write plain text");
  }
}

}  // namespace

void Validate(const Grant& grant, Report& report) {
  CheckMetadata(grant.metadata, true, report);
  CheckName(grant.connection, kObjectRule, "spec.connection", report);
  if (grant.subjects.empty()) {
    report.Invalid("spec.subjects", "empty, so nobody is meant",
                   "name at least one");
  }
  CheckSubjects(grant.subjects, kMaxSubjects, "spec.subjects", report);
  if (grant.effect == Effect::kDeny) CheckDeny(grant, report);
  if (grant.credential) CheckSlot(*grant.credential, report);
  const Window& window = grant.window;
  if (window.not_before && window.expires_at &&
      *window.not_before >= *window.expires_at) {
    report.Invalid("spec.expiresAt", "not after notBefore",
                   "let it end after it begins");
  }
  CheckReason(grant.reason, report);
}

}  // namespace claviger::model

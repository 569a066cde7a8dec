// SPDX-License-Identifier: Apache-2.0
//
// What the webhook decides about one request: the rules across objects of
// design.md section 2, on top of Kubernetes' own RBAC. Each rule with its
// message and its fix is in docs/reference/admission.md. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "operator/webhook/admission_review.h"
#include "operator/webhook/settings.h"
#include "operator/webhook/view.h"

namespace claviger::op::webhook {

/// Which rule refused; a closed set, for metrics and logs.
enum class Rule {
  kNone,        // allowed
  kInvalid,     // the object by itself, or its provider
  kPrivilege,   // share, manage or ownership is missing
  kOwner,       // somebody else made the owner, or the owner denied
  kConveys,     // more than the author has
  kGroupAdmin,  // needs the group's admin
  kCycle,       // groups that would contain themselves
  kPath,        // PathNotAllowed, PathClaimed
  kConsent,     // stamps forged, or of something that has changed since
  kFinalizer,   // ours taken away
  kOperator,    // the operator changing more than metadata
  kUnknown,     // names what the operator does not know (yet)
};
std::string_view ToString(Rule rule);  // "none", "group_admin", ...

struct Verdict {
  bool allowed = false;
  Rule rule = Rule::kNone;
  std::string message;  // of a refusal: what is missing, who could, the fix
  std::vector<std::string> warnings;
  std::vector<PatchStep> patch;  // of Default only
  /// A refusal that a newer snapshot may turn: the objects know of something
  /// that this one does not hold yet.
  bool stale = false;
};

/// Validates: allowed, or refused by the first rule that is broken.
Verdict Judge(const View& view, const Settings& settings, const Review& review,
              Time now);

/// Defaults: the owner of a Connection and the admins of a Group are their
/// creator, and every Grant gets the stamps of what its author consents to.
/// Idempotent. Refuses only what cannot be stamped; the rest is Judge's.
Verdict Default(const View& view, const Settings& settings,
                const Review& review, Time now);

/// The answer that a verdict is, with its HTTP-like code.
Answer ToAnswer(Verdict verdict);

}  // namespace claviger::op::webhook

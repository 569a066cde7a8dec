// SPDX-License-Identifier: Apache-2.0
//
// USE, SELECT and DISCLOSE (resolution.md): one pure function from a Binding,
// what is asked and the time to a Decision. The operator, the sidecar and the
// command line all decide here, so an explanation is the decision itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/binding.h"
#include "base/time.h"

namespace claviger::access {

enum class Delivery { kInject, kDisclose };
std::string_view ToString(Delivery delivery);  // "inject", "disclose"

enum class Reason {
  kAllowed,
  kNotVisible,            // 404
  kForbidden,             // 403
  kDenied,                // 403
  kNotReady,              // 422
  kInjectionUnsupported,  // 422
  kAmbiguousCredential,   // 409
  kNotEligible,           // 403
  kEnrollmentRequired,    // 403
  kNoCredential,          // 422
  kServerSideOnly,        // 403
  kDisclosureNotAllowed,  // 403
};
std::string_view ToString(Reason reason);  // "Allowed", "NotVisible", ...
int StatusOf(Reason reason);               // 200, 404, ...

/// What is asked of one Connection.
struct Question {
  Delivery delivery = Delivery::kInject;
  /// A slot hint: "personal", "default" or "grant/<name>".
  std::optional<std::string> slot;
  /// Whether the caller has a personal credential stored for it.
  bool enrolled = false;
  /// One is stored, but for what the Connection was before its provider,
  /// endpoint, trust or disclosure changed: it does not count.
  bool endpoint_changed = false;
  /// The service account that carries the question; for a service account's
  /// own question, that account. Absent: a user without a pod.
  std::optional<model::ObjectRef> carrier;
};

/// One step of the explanation: "membership", "use", "select", ...
struct Step {
  std::string step;
  std::string result;
};

struct Decision {
  Reason reason = Reason::kNotVisible;
  /// The chosen slot, when allowed: "grant/finance-team".
  std::string slot;
  std::optional<int> depth;  // 0 for personal; none for Everyone and default
  /// Where the credential is; null for `personal` (its place depends on who
  /// asks) and when not allowed. Points into the Binding: valid while that is.
  const model::VaultRef* vault = nullptr;
  /// The next instant at which a window of a matching Grant opens or closes.
  std::optional<Time> valid_until;
  /// The names an AmbiguousCredential is between, sorted.
  std::vector<std::string> slots;
  /// For people, when not allowed. The same for everything NotVisible.
  std::string detail;
  std::string fix;

  bool allowed() const { return reason == Reason::kAllowed; }
};

/// Decides. `binding` null: the connection is unknown, or not in any of the
/// caller's documents. `steps`, if given, receives the explanation; it may
/// say more than a caller may know (WorkloadNotAllowed), so show it only where
/// Decision::reason is not kNotVisible, or to an administrator.
Decision Decide(const Binding* binding, const Question& question, Time now,
                std::vector<Step>* steps = nullptr);

/// The Vault references that some delivery and some hint would give the
/// carrier's caller now, enrolled or not; `personal` left out. What a compiled
/// policy lets the caller read: exactly this (P9). Pointers into `binding`.
std::vector<const model::VaultRef*> ReachableSlots(
    const Binding& binding, const std::optional<model::ObjectRef>& carrier,
    Time now);

/// Whether the carrier's caller may have a personal slot on it now, enrolled or
/// not: what its policy opens for it, and who may store something there.
bool ReachesPersonal(const Binding& binding,
                     const std::optional<model::ObjectRef>& carrier, Time now);

/// The privileges the caller holds now: implied ones in, denied ones out.
model::PrivilegeSet EffectivePrivileges(const Binding& binding, Time now);

}  // namespace claviger::access

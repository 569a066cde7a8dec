// SPDX-License-Identifier: Apache-2.0
#include "access/decision_text.h"

#include <array>

namespace claviger::access {
namespace {

using model::Effect;
using model::Privilege;

struct ReasonRow {
  Reason reason;
  std::string_view name;
  int status;
};

constexpr std::array<ReasonRow, 12> kReasons = {{
    {Reason::kAllowed, "Allowed", 200},
    {Reason::kNotVisible, "NotVisible", 404},
    {Reason::kForbidden, "Forbidden", 403},
    {Reason::kDenied, "Denied", 403},
    {Reason::kNotReady, "NotReady", 422},
    {Reason::kInjectionUnsupported, "InjectionUnsupported", 422},
    {Reason::kAmbiguousCredential, "AmbiguousCredential", 409},
    {Reason::kNotEligible, "NotEligible", 403},
    {Reason::kEnrollmentRequired, "EnrollmentRequired", 403},
    {Reason::kNoCredential, "NoCredential", 422},
    {Reason::kServerSideOnly, "ServerSideOnly", 403},
    {Reason::kDisclosureNotAllowed, "DisclosureNotAllowed", 403},
}};

const ReasonRow& Row(Reason reason) {
  for (const ReasonRow& row : kReasons) {
    if (row.reason == reason) return row;
  }
  return kReasons[1];
}

}  // namespace

std::string_view ToString(Delivery delivery) {
  return delivery == Delivery::kInject ? "inject" : "disclose";
}
std::string_view ToString(Reason reason) { return Row(reason).name; }
int StatusOf(Reason reason) { return Row(reason).status; }

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string UseSource(const Binding& binding, Time now) {
  if (binding.owner) return "ownership";
  if (binding.shared) {
    return "sharing mode " + std::string(ToString(binding.facts->sharing));
  }
  for (const GrantEntry& grant : binding.grants) {
    if (grant.effect == Effect::kAllow && grant.window.Contains(now) &&
        grant.privileges.Has(Privilege::kUse)) {
      return "grant/" + grant.name;
    }
  }
  return "nothing";
}

std::string DenySource(const Binding& binding, Privilege privilege, Time now) {
  std::vector<std::string> names;
  for (const GrantEntry& grant : binding.grants) {
    if (grant.effect == Effect::kDeny && grant.window.Contains(now) &&
        grant.privileges.Has(privilege)) {
      names.push_back("grant/" + grant.name);
    }
  }
  return Join(names);
}

void DescribeNotVisible(Decision& decision) {
  decision.reason = Reason::kNotVisible;
  decision.detail = "no connection of that name is visible to the caller";
  decision.fix =
      "check namespace and name, or ask the connection's owner for a Grant of "
      "use";
}

void DescribeRefusal(const Binding& binding, const Question& question,
                     Decision& decision) {
  const ConnectionFacts& facts = *binding.facts;
  const auto say = [&](std::string detail, std::string fix) {
    decision.detail = std::move(detail);
    decision.fix = std::move(fix);
  };
  switch (decision.reason) {
    case Reason::kAllowed:
      return;
    case Reason::kNotVisible:
      return DescribeNotVisible(decision);
    case Reason::kForbidden:
      return say("the caller may see the connection, but not use it",
                 "ask its owner for an Allow Grant of the privilege use");
    case Reason::kDenied:
      return say("a Deny Grant takes the use of this connection away",
                 "ask who manages the connection to end the Deny; no Allow "
                 "overrides it");
    case Reason::kNotReady:
      return say("the connection was refused: " + facts.refused->reason + ": " +
                     facts.refused->detail,
                 facts.refused->fix);
    case Reason::kInjectionUnsupported:
      return say("provider " + facts.provider + " has no injector",
                 "ask for the credential itself (delivery disclose), where the "
                 "connection allows that");
    case Reason::kAmbiguousCredential:
      return say(
          "several credentials are equally near and of equal priority: " +
              Join(decision.slots),
          "give one a higher credential.priority, or ask for one by "
          "name");
    case Reason::kNotEligible:
      return say("the slot asked for is not open to the caller: " +
                     question.slot.value_or(""),
                 "ask without naming a slot, or for a Grant that brings it");
    case Reason::kEnrollmentRequired:
      if (question.endpoint_changed) {
        return say(
            "EndpointChanged: the provider, endpoint, trust or disclosure of "
            "the connection changed since the caller stored its credential, "
            "which is not sent there",
            "store it again, if it is meant for what the connection is now");
      }
      return say(
          "every caller brings its own credential here, and none is "
          "stored for this one",
          "store a personal credential for the connection");
    case Reason::kNoCredential:
      return say(
          "the caller may use the connection, but no credential is "
          "meant for it",
          "give the connection a default, or the caller a Grant with a "
          "credential");
    case Reason::kServerSideOnly:
      return say("the credential is used by the sidecar and never handed out",
                 "use the connection through the sidecar (delivery inject)");
    case Reason::kDisclosureNotAllowed:
      return say("the caller may use the connection, but not see its secret",
                 "ask for an Allow Grant of readSecret, or use the connection "
                 "through the sidecar");
  }
}

}  // namespace claviger::access

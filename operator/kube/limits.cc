// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/limits.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace claviger::op {
namespace {

using access::Principal;
using access::SourceName;
using model::SubjectKind;

constexpr char kLimited[] = "Limited";
constexpr char kBudgetExceeded[] = "BudgetExceeded";

std::string Describe(const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::kUser:
      return "user " + principal.name;
    case Principal::Kind::kClaimGroup:
      return "whoever is in group " + principal.name;
    default:
      return "service account " + principal.ns + "/" + principal.name;
  }
}

SourceName SourceOf(const model::Grant& grant) {
  return {grant.connection_ref(), grant.metadata.name};
}

bool Differ(const Condition* a, const Condition* b) {
  if (a == nullptr || b == nullptr) return a != b;
  return a->holds != b->holds || a->reason != b->reason;
}

}  // namespace

Limits::Limits(const access::Snapshot& snapshot,
               const OverBudget& over_budget) {
  for (const auto& [source, why] : snapshot.openness().closed()) {
    closed_.emplace(snapshot.NameOf(source), &why);
  }
  for (const auto& [principal, sources] : over_budget) {
    for (const SourceName& source : sources) {
      Short& found = over_[source];
      if (found.principals++ == 0) found.first = &principal;
    }
  }
}

const model::Refusal* Limits::ClosedOf(const SourceName& source) const {
  const auto found = closed_.find(source);
  return found == closed_.end() ? nullptr : found->second;
}

const Limits::Short* Limits::ShortOf(const SourceName& source) const {
  const auto found = over_.find(source);
  return found == over_.end() ? nullptr : &found->second;
}

std::string Limits::MessageOf(const model::Refusal* closed,
                              const Short* over) const {
  std::string message;
  if (closed != nullptr) message = closed->detail + "; " + closed->fix;
  if (over == nullptr) return message;
  if (!message.empty()) message += "; besides, it ";
  message += "gives nothing to " + Describe(*over->first);
  if (over->principals > 1) {
    message += " and " + std::to_string(over->principals - 1) + " more";
  }
  return message +
         ", for whom earlier objects have used up all room; name fewer";
}

void Limits::Add(const SourceName& source, ObjectStatus& status) const {
  const model::Refusal* closed = ClosedOf(source);
  const Short* over = ShortOf(source);
  if (closed == nullptr && over == nullptr) return;
  if (over != nullptr) status.counts["overBudget"] = over->principals;
  status.conditions.push_back(
      {kLimited, true, closed != nullptr ? closed->reason : kBudgetExceeded,
       MessageOf(closed, over), ""});
}

void Limits::AddTo(const model::Connection& connection,
                   ObjectStatus& status) const {
  Add({connection.ref(), ""}, status);
}

void Limits::AddTo(const model::Grant& grant, ObjectStatus& status) const {
  Add(SourceOf(grant), status);
}

std::optional<Condition> Limits::NothingGiven(const model::Grant& grant) const {
  const model::Refusal* closed = ClosedOf(SourceOf(grant));
  const Short* over = ShortOf(SourceOf(grant));
  int64_t left = 0;
  for (const model::Subject& subject : grant.subjects) {
    if (subject.kind == SubjectKind::kEveryone && closed != nullptr) continue;
    if (subject.kind != SubjectKind::kServiceAccount &&
        subject.kind != SubjectKind::kUser) {
      return std::nullopt;
    }
    ++left;
  }
  if (left > (over == nullptr ? 0 : over->principals)) return std::nullopt;
  return Condition{"Ready", false,
                   closed != nullptr ? closed->reason : kBudgetExceeded,
                   MessageOf(closed, over), ""};
}

const Condition* ChangeToTell(const ObjectStatus& before,
                              const ObjectStatus& after) {
  const Condition* ready = after.Find("Ready");
  if (ready != nullptr && Differ(before.Find("Ready"), ready)) return ready;
  const Condition* limited = after.Find(kLimited);
  return limited != nullptr && Differ(before.Find(kLimited), limited) ? limited
                                                                      : nullptr;
}

}  // namespace claviger::op

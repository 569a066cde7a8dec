// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "access/consent.h"
#include "operator/webhook/rules.h"
#include "providers/compatibility.h"

namespace claviger::op::webhook {
namespace {

using model::Connection;
using model::Effect;
using model::Grant;
using model::Privilege;
using model::PrivilegeSet;
using model::Subject;
using model::SubjectKind;

bool GivesGroupACredential(const Grant& grant) {
  return grant.credential && grant.effect == Effect::kAllow &&
         std::any_of(grant.subjects.begin(), grant.subjects.end(),
                     [](const Subject& subject) {
                       return subject.kind == SubjectKind::kGroup;
                     });
}

// What only holders of `manage` may make, change or take away.
std::string WhyManage(const Grant& grant) {
  if (grant.effect == Effect::kDeny) return "a Deny";
  if (grant.privileges.Has(Privilege::kManage)) return "a Grant of manage";
  if (grant.privileges.Has(Privilege::kReadSecret)) {
    return "a Grant of readSecret";
  }
  return "";
}

Refused UnknownConnection(const Grant& grant) {
  return {Rule::kUnknown,
          "there is no Connection " + ToString(grant.connection_ref()),
          "create the Connection first, or correct spec.connection", true};
}

// Whether the requester may make this Grant, or take it away.
Finding MayWrite(const Case& one, const Grant& grant) {
  const Connection* connection =
      one.view.FindConnection(grant.connection_ref());
  if (connection == nullptr) return UnknownConnection(grant);
  const PrivilegeSet held = one.requester.On(connection->ref(), one.now);
  const std::string of = "Connection " + ToString(connection->ref());
  if (const std::string why = WhyManage(grant);
      !why.empty() && !held.Has(Privilege::kManage)) {
    return Refused{
        grant.effect == Effect::kDeny ? Rule::kPrivilege : Rule::kConveys,
        why + " needs manage on " + of + ", which " + one.requester.name() +
            " lacks; " + WhoManages(*connection),
        "ask one of them to do it"};
  }
  if (held.Has(Privilege::kShare)) return std::nullopt;
  return Refused{Rule::kPrivilege,
                 "writing Grants needs share on " + of + ", which " +
                     one.requester.name() + " lacks; " +
                     WhoManages(*connection),
                 "ask one of them, or for a Grant of share"};
}

// A Grant conveys at most what its author has.
Finding CheckConveys(const Case& one, const Grant& grant) {
  if (grant.effect == Effect::kDeny) return std::nullopt;
  const PrivilegeSet held = one.requester.On(grant.connection_ref(), one.now);
  for (const Privilege privilege :
       {Privilege::kView, Privilege::kUse, Privilege::kShare}) {
    if (!grant.privileges.Has(privilege) || held.Has(privilege)) continue;
    const std::string what(ToString(privilege));
    return Refused{Rule::kConveys,
                   "a Grant conveys at most what its author has, and " +
                       one.requester.name() + " lacks " + what +
                       " on Connection " + ToString(grant.connection_ref()),
                   "leave out " + what + ", or ask the owner to write it"};
  }
  return std::nullopt;
}

bool Reaches(const access::GroupGraph& graph,
             const std::vector<access::Reached>& groups,
             const std::string& name) {
  const access::GroupIndex group = graph.Find(name);
  return group >= 0 && std::any_of(groups.begin(), groups.end(),
                                   [group](const access::Reached& reached) {
                                     return reached.group == group;
                                   });
}

// Whether a Deny on `subject` would hit the owner, or a member of the owning
// group.
bool HitsOwner(const Case& one, const Subject& owner, const Subject& subject) {
  if (subject.kind == SubjectKind::kEveryone || subject == owner) return true;
  const access::GroupGraph& graph = one.view.snapshot().graph();
  if (owner.kind != SubjectKind::kGroup) {
    return subject.kind == SubjectKind::kGroup &&
           Reaches(graph, graph.Of(CallerOf(owner)).deny, subject.name);
  }
  if (subject.kind != SubjectKind::kGroup) {
    return Reaches(graph, graph.Of(CallerOf(subject)).allow, owner.name);
  }
  const access::GroupIndex owning = graph.Find(owner.name);
  return owning >= 0 &&
         Reaches(graph, graph.OfMemberOf(owning).deny, subject.name);
}

Finding CheckSparesOwner(const Case& one, const Connection& connection,
                         const Grant& grant) {
  if (grant.effect != Effect::kDeny || !connection.owner) return std::nullopt;
  for (const Subject& subject : grant.subjects) {
    if (!HitsOwner(one, *connection.owner, subject)) continue;
    return Refused{Rule::kOwner,
                   "a Deny to " + Describe(subject) +
                       " would deny the owner, " + Describe(*connection.owner),
                   "name subjects that leave the owner out; to take a "
                   "Connection from its owner, change spec.owner"};
  }
  return std::nullopt;
}

// Who administers a Group, for messages.
std::string AdminsOf(const model::Group* group) {
  std::string text;
  if (group != nullptr) {
    for (const Subject& admin : group->admins) {
      if (!text.empty()) text += ", ";
      text += Describe(admin);
    }
  }
  return text.empty() ? "it has none, so an administrator of all namespaces"
                      : "its admins are " + text;
}

// A Group's credential decides as whom its members act, so its admin agrees.
// A suspended Grant gives nothing: waking it up is judged again.
Finding CheckGroupAdmin(const Case& one, const Grant& grant) {
  if (!GivesGroupACredential(grant) || grant.suspended ||
      one.requester.AdministersAll()) {
    return std::nullopt;
  }
  for (const Subject& subject : grant.subjects) {
    if (subject.kind != SubjectKind::kGroup) continue;
    const model::Group* group = one.view.FindGroup(subject.name);
    if (group != nullptr && one.requester.IsAdminOf(*group)) continue;
    return Refused{
        Rule::kGroupAdmin,
        "giving Group " + subject.name +
            " a credential needs its admin, which " + one.requester.name() +
            " is not; " +
            (group == nullptr ? "there is no such group" : AdminsOf(group)),
        "ask an admin of the group to write this Grant, or to make you one",
        group == nullptr};
  }
  return std::nullopt;
}

// The engine against the connection's credential type, as the operator checks
// it.
Finding CheckSlot(const Connection& connection, const Grant& grant) {
  if (!grant.credential) return std::nullopt;
  model::Objects objects;
  objects.connections.push_back(connection);
  objects.grants.push_back(grant);
  providers::CheckProviders(objects);
  const auto& refused = objects.grants.front().refused;
  if (!refused) return std::nullopt;
  return Refused{Rule::kInvalid, refused->detail, refused->fix};
}

Finding JudgeNew(const Case& one, const Grant& grant, bool administers) {
  if (!administers) {
    if (auto found = MayWrite(one, grant)) return found;
    if (auto found = CheckConveys(one, grant)) return found;
  }
  const Connection* connection =
      one.view.FindConnection(grant.connection_ref());
  if (connection == nullptr) return UnknownConnection(grant);
  if (auto found = CheckGroupAdmin(one, grant)) return found;
  if (auto found = CheckSparesOwner(one, *connection, grant)) return found;
  if (auto found = CheckSlot(*connection, grant)) return found;
  return CheckGrantPath(one, *connection, grant);
}

// A Grant whose Connection is gone gives nothing, so anyone whom RBAC allows
// may clear it away. A Deny waits for a Connection of that name to come back.
Finding JudgeOld(const Case& one, bool administers) {
  const ObjectVersion& old = *one.review.old_object;
  if (administers) return std::nullopt;
  if (!old.grant) {
    return Refused{Rule::kPrivilege,
                   "what is stored cannot be read, so it may be a Deny",
                   "ask an administrator of namespace " + one.review.ns};
  }
  auto found = MayWrite(one, *old.grant);
  if (found && found->rule == Rule::kUnknown) {
    if (old.grant->effect == Effect::kAllow) return std::nullopt;
    found->what += ", and a Deny on one that comes back would be gone";
    found->fix = "ask an administrator of namespace " + one.review.ns;
  }
  return found;
}

}  // namespace

Finding JudgeGrant(const Case& one) {
  const Review& review = one.review;
  const bool administers = one.requester.AdministersNamespace(review.ns);
  if (review.operation != Operation::kCreate) {
    if (auto found = JudgeOld(one, administers)) return found;
  }
  if (review.operation == Operation::kDelete) return std::nullopt;
  if (auto found = CheckSound(*review.object)) return found;
  return JudgeNew(one, *review.object->grant, administers);
}

std::optional<model::Stamp> StampFor(const View& view, const Grant& grant) {
  const Connection* connection = view.FindConnection(grant.connection_ref());
  if (connection == nullptr) return std::nullopt;
  return access::StampFor(*connection, grant);
}

Finding CheckStamps(const Case& one) {
  const ObjectVersion& version = *one.review.object;
  const auto expected = StampFor(one.view, *version.grant);
  if (!expected) return UnknownConnection(*version.grant);
  const bool fits =
      version.uid_stamp.value_or("") == expected->connection_uid &&
      version.endpoint_stamp.value_or("") == expected->endpoint_fingerprint;
  if (fits) return std::nullopt;
  return Refused{
      Rule::kConsent,
      "its consent stamps are not those of Connection " +
          ToString(version.grant->connection_ref()) + " as it is now",
      "leave " + std::string(model::kConnectionUidAnnotation) + " and " +
          std::string(model::kEndpointFingerprintAnnotation) +
          " to the webhook, and save again",
      true};
}

}  // namespace claviger::op::webhook

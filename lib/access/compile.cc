// SPDX-License-Identifier: Apache-2.0
#include "access/compile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "access/decision.h"
#include "access/viewer.h"
#include "base/names.h"

namespace claviger::access {
namespace {

using model::Effect;
using model::Subject;
using model::SubjectKind;

// What merging could turn into access: ownership, sharing or an Allow. A
// service account's other documents hold no Deny and no connection with one,
// so Denies alone say nothing.
bool GivesSomething(const Binding& binding) {
  return binding.owner || binding.shared ||
         std::any_of(binding.grants.begin(), binding.grants.end(),
                     [](const GrantEntry& grant) {
                       return grant.effect == Effect::kAllow;
                     });
}

bool SaysSomething(const Binding& binding) {
  return binding.owner || binding.shared || !binding.grants.empty();
}

Viewer ViewerOf(const Snapshot& snapshot, const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::kServiceAccount:
      return Viewer(snapshot,
                    Caller::ServiceAccount(principal.ns, principal.name));
    case Principal::Kind::kUser:
      return Viewer(snapshot, Caller::User(principal.name));
    case Principal::Kind::kClaimGroup:
      return Viewer(snapshot, snapshot.graph().Find(principal.name));
    case Principal::Kind::kEveryoneServiceAccount:
    case Principal::Kind::kEveryoneUser:
      return Viewer(snapshot);
  }
  return Viewer(snapshot);
}

bool IsForUsers(const Principal& principal) {
  return principal.kind == Principal::Kind::kUser ||
         principal.kind == Principal::Kind::kClaimGroup;
}

void SortUnique(std::vector<int>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Compiler::Compiler(const Snapshot& snapshot, bool with_users,
                   const std::vector<model::ObjectRef>& extra)
    : snapshot_(snapshot), with_users_(with_users) {
  ClassifyConnections();
  CollectPrincipals(extra);
  paths_.emplace(EveryoneDocument(false));
}

void Compiler::ClassifyConnections() {
  const size_t count = snapshot_.connections().size();
  in_everyone_sa_.assign(count, 0);
  for (size_t i = 0; i < count; ++i) {
    const int index = static_cast<int>(i);
    const Openness& openness = snapshot_.openness();
    bool open = openness.SharingCounts(index) &&
                SharesWithAll(snapshot_.connections()[i]);
    bool denied = false;
    for (const int grant_index : snapshot_.grants_of(index)) {
      const model::Grant& grant =
          snapshot_.grants()[static_cast<size_t>(grant_index)];
      denied = denied || grant.effect == Effect::kDeny;
      open =
          open ||
          (grant.effect == Effect::kAllow && !grant.privileges.empty() &&
           NamesEveryone(grant.subjects) && openness.GrantCounts(grant_index));
    }
    if (!open) continue;
    open_to_all_.push_back(index);
    const bool gated = snapshot_.connections()[i].workloads.has_value();
    in_everyone_sa_[i] = gated || denied ? 0 : 1;
  }
}

void Compiler::CollectPrincipals(const std::vector<model::ObjectRef>& extra) {
  std::set<Principal> found = {Principal::EveryoneServiceAccount()};
  if (with_users_) found.insert(Principal::EveryoneUser());
  const auto add_account = [&](const std::string& ns, const std::string& name) {
    // Checked again before they become part of names in Vault.
    if (IsDnsLabel(ns) && IsDnsSubdomain(name)) {
      found.insert(Principal::ServiceAccount(ns, name));
    }
  };
  const auto add = [&](const Subject& subject) {
    if (subject.kind == SubjectKind::kServiceAccount) {
      add_account(subject.ns, subject.name);
    } else if (subject.kind == SubjectKind::kUser && with_users_ &&
               IsUserName(subject.name)) {
      found.insert(Principal::User(subject.name));
    }
  };
  for (const model::Connection& connection : snapshot_.connections()) {
    if (connection.owner) add(*connection.owner);
  }
  for (const model::Grant& grant : snapshot_.grants()) {
    for (const Subject& subject : grant.subjects) add(subject);
  }
  for (const model::Group& group : snapshot_.groups()) {
    for (const Subject& member : group.members) add(member);
    if (group.claim && with_users_ && IsDnsSubdomain(group.metadata.name)) {
      found.insert(Principal::ClaimGroup(group.metadata.name));
    }
  }
  for (const model::ObjectRef& account : snapshot_.service_accounts()) {
    add_account(account.ns, account.name);
  }
  for (const model::ObjectRef& account : extra) {
    add_account(account.ns, account.name);
  }
  principals_.assign(found.begin(), found.end());
}

// The connections that concern the principal beside those in everyone.sa.
Compiler::Connections Compiler::Touching(const Principal& principal,
                                         const Viewer& viewer) const {
  Connections touching = viewer.Touching(snapshot_);
  if (principal.kind != Principal::Kind::kServiceAccount) return touching;
  for (const int index : open_to_all_) {
    if (in_everyone_sa_[static_cast<size_t>(index)] == 0) {
      touching.push_back(index);
    }
  }
  SortUnique(touching);
  return touching;
}

BindingsDocument Compiler::EveryoneDocument(bool users) const {
  const Principal principal =
      users ? Principal::EveryoneUser() : Principal::EveryoneServiceAccount();
  BindingsDocument document;
  document.principal = IdOf(principal);
  const Viewer viewer(snapshot_);
  for (const int index : open_to_all_) {
    if (!users && in_everyone_sa_[static_cast<size_t>(index)] == 0) continue;
    document.bindings.push_back(ProjectFor(snapshot_, viewer, index));
  }
  std::sort(document.bindings.begin(), document.bindings.end(),
            [](const Binding& a, const Binding& b) {
              return a.facts->ref < b.facts->ref;
            });
  if (!users) return document;
  for (const model::Group& group : snapshot_.groups()) {
    if (group.claim && IsDnsSubdomain(group.metadata.name)) {
      document.claim_groups.push_back({group.metadata.name, *group.claim});
    }
  }
  std::sort(document.claim_groups.begin(), document.claim_groups.end(),
            [](const ClaimGroup& a, const ClaimGroup& b) {
              return a.group < b.group;
            });
  return document;
}

BindingsDocument Compiler::Document(const Principal& principal) const {
  if (principal.kind == Principal::Kind::kEveryoneServiceAccount) {
    return paths_->everyone();
  }
  if (principal.kind == Principal::Kind::kEveryoneUser) {
    return EveryoneDocument(true);
  }
  BindingsDocument document;
  document.principal = IdOf(principal);
  document.account = AccountOf(principal);
  const Viewer viewer = ViewerOf(snapshot_, principal);
  for (const Source& source : viewer.over_budget()) {
    document.over_budget.push_back(snapshot_.NameOf(source));
  }
  std::sort(document.over_budget.begin(), document.over_budget.end());
  for (const int index : Touching(principal, viewer)) {
    if (!IsForUsers(principal) &&
        !GateAdmits(*snapshot_.facts(index), {principal.ns, principal.name})) {
      continue;
    }
    Binding binding = ProjectFor(snapshot_, viewer, index);
    if (IsForUsers(principal) ? !SaysSomething(binding)
                              : !GivesSomething(binding)) {
      continue;
    }
    document.bindings.push_back(std::move(binding));
  }
  std::sort(document.bindings.begin(), document.bindings.end(),
            [](const Binding& a, const Binding& b) {
              return a.facts->ref < b.facts->ref;
            });
  return document;
}

std::string Compiler::AccountOf(const Principal& principal) const {
  if (principal.kind != Principal::Kind::kServiceAccount) return "";
  std::string uid = snapshot_.AccountUid({principal.ns, principal.name});
  return IsPlainUid(uid) ? uid : "";
}

std::vector<std::string> Compiler::CredentialPaths(
    const Principal& principal, const BindingsDocument& document,
    Time now) const {
  return paths_->Of(principal, document, now);
}

std::optional<Time> Compiler::NextTransition(Time now) const {
  std::optional<Time> next;
  const auto consider = [&](const std::optional<Time>& edge) {
    if (edge && *edge > now && (!next || *edge < *next)) next = edge;
  };
  for (const model::Grant& grant : snapshot_.grants()) {
    if (grant.refused || grant.suspended || grant.inert) continue;
    consider(grant.window.not_before);
    consider(grant.window.expires_at);
  }
  return next;
}

}  // namespace claviger::access

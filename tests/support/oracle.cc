// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.h"

#include <algorithm>

namespace claviger::testing {
namespace {

using access::Caller;
using access::Question;
using access::Reason;
using model::Connection;
using model::CredentialMode;
using model::Effect;
using model::Grant;
using model::Objects;
using model::Privilege;
using model::PrivilegeSet;
using model::SharingMode;
using model::Subject;
using model::SubjectKind;

// Where Everyone and the default slot stand in the order of nearness.
constexpr int kEveryone = 1000;
constexpr int kDefault = 1001;

// One question, and everything it is asked of.
struct Case {
  const OracleObjects& objects;
  const OracleGroups& groups;
  const Caller& caller;
  const Connection& connection;
  Time now;
};

struct Candidate {
  std::string name;
  int rank = 0;  // the step that offers it: -1 personal, then the depth
  int priority = 0;
  std::optional<model::VaultRef> vault;  // none for personal
};

bool IsCaller(const Subject& subject, const Caller& caller) {
  if (caller.kind == Caller::Kind::kUser) {
    return subject.kind == SubjectKind::kUser && subject.name == caller.name;
  }
  return subject.kind == SubjectKind::kServiceAccount &&
         subject.ns == caller.ns && subject.name == caller.name;
}

// The nearest matching subject, by the set that permissions use.
std::optional<int> RankForAllow(const Case& c,
                                const std::vector<Subject>& subjects) {
  std::optional<int> nearest;
  const auto offer = [&nearest](int rank) {
    if (!nearest || rank < *nearest) nearest = rank;
  };
  for (const Subject& subject : subjects) {
    if (IsCaller(subject, c.caller)) offer(0);
    if (subject.kind == SubjectKind::kEveryone) offer(kEveryone);
    if (subject.kind == SubjectKind::kGroup) {
      const auto group = c.groups.allow.find(subject.name);
      if (group != c.groups.allow.end()) offer(group->second);
    }
  }
  return nearest;
}

bool MatchesForDeny(const Case& c, const std::vector<Subject>& subjects) {
  for (const Subject& subject : subjects) {
    if (IsCaller(subject, c.caller)) return true;
    if (subject.kind == SubjectKind::kEveryone) return true;
    if (subject.kind == SubjectKind::kGroup &&
        c.groups.deny.count(subject.name) > 0) {
      return true;
    }
  }
  return false;
}

// Not suspended, on this connection, its subjects match the caller.
bool Concerns(const Case& c, const Grant& grant) {
  if (grant.connection_ref() != c.connection.ref()) return false;
  if (grant.suspended) return false;
  return grant.effect == Effect::kAllow
             ? RankForAllow(c, grant.subjects).has_value()
             : MatchesForDeny(c, grant.subjects);
}

bool IsOpen(const Grant& grant, Time now) {
  if (grant.window.not_before && now < *grant.window.not_before) return false;
  return !grant.window.expires_at || now < *grant.window.expires_at;
}

// Step 3 and 4: the Grants that count now, of one effect.
std::vector<const Grant*> ActiveGrants(const Case& c, Effect effect) {
  std::vector<const Grant*> active;
  for (const Grant* grant : c.objects.grants) {
    if (grant->effect == effect && IsOpen(*grant, c.now) &&
        Concerns(c, *grant)) {
      active.push_back(grant);
    }
  }
  return active;
}

bool IsOwner(const Case& c) {
  if (!c.connection.owner) return false;
  const Subject& owner = *c.connection.owner;
  if (owner.kind == SubjectKind::kGroup) {
    return c.groups.allow.count(owner.name) > 0;
  }
  return IsCaller(owner, c.caller);
}

bool IsShared(const Case& c) {
  const model::Sharing& sharing = c.connection.sharing;
  if (sharing.mode == SharingMode::kPrivate) return false;
  if (sharing.mode != SharingMode::kGroups && sharing.groups.empty()) {
    return true;
  }
  for (const std::string& group : sharing.groups) {
    if (c.groups.allow.count(group) > 0) return true;
  }
  return false;
}

PrivilegeSet Allowed(const Case& c) {
  PrivilegeSet allowed;
  for (const Grant* grant : ActiveGrants(c, Effect::kAllow)) {
    allowed.Add(grant->privileges);
  }
  if (IsOwner(c)) {
    allowed.Add({Privilege::kView, Privilege::kUse, Privilege::kShare,
                 Privilege::kManage});
  }
  if (IsShared(c)) allowed.Add({Privilege::kView, Privilege::kUse});
  if (allowed.Has(Privilege::kManage)) allowed.Add(Privilege::kShare);
  if (!allowed.empty()) allowed.Add(Privilege::kView);
  return allowed;
}

PrivilegeSet Denied(const Case& c) {
  PrivilegeSet denied;
  for (const Grant* grant : ActiveGrants(c, Effect::kDeny)) {
    denied.Add(grant->privileges);
  }
  return denied;
}

// Step 1. The carrier of a service account's question is that account.
bool PassesGate(const Case& c, const Question& question) {
  if (!c.connection.workloads) return true;
  std::optional<model::ObjectRef> carrier = question.carrier;
  if (c.caller.kind == Caller::Kind::kServiceAccount) {
    carrier = model::ObjectRef{c.caller.ns, c.caller.name};
  }
  if (!carrier) return false;
  for (const model::Workload& entry : *c.connection.workloads) {
    if (entry.ns != carrier->ns) continue;
    if (!entry.service_accounts) return true;
    const auto& names = *entry.service_accounts;
    if (std::count(names.begin(), names.end(), carrier->name) > 0) return true;
  }
  return false;
}

CredentialMode ModeOf(const Connection& connection) {
  return connection.sharing.mode == SharingMode::kViewerCredentials
             ? CredentialMode::kPerUser
             : connection.credentials.mode;
}

bool AllowsPersonal(const Connection& connection) {
  return connection.sharing.mode == SharingMode::kViewerCredentials ||
         connection.credentials.allow_personal;
}

// Step 7: everything eligible at any step of the mode.
std::vector<Candidate> Eligible(const Case& c, bool enrolled) {
  std::vector<Candidate> eligible;
  const CredentialMode mode = ModeOf(c.connection);
  if (mode != CredentialMode::kGlobal) {
    if (enrolled && AllowsPersonal(c.connection)) {
      eligible.push_back({"personal", -1, 0, std::nullopt});
    }
    for (const Grant* grant : ActiveGrants(c, Effect::kAllow)) {
      const int rank = *RankForAllow(c, grant->subjects);
      if (!grant->credential) continue;
      if (mode == CredentialMode::kPerUser && rank != 0) continue;
      eligible.push_back({"grant/" + grant->metadata.name, rank,
                          grant->credential->priority,
                          grant->credential->vault});
    }
  }
  if (mode != CredentialMode::kPerUser &&
      c.connection.credentials.default_slot) {
    eligible.push_back(
        {"default", kDefault, 0, c.connection.credentials.default_slot->vault});
  }
  return eligible;
}

// What is left of the nearest step: twins become one, the highest priority
// stays.
std::vector<Candidate> BestOfNearestStep(const std::vector<Candidate>& all) {
  int nearest = kDefault;
  for (const Candidate& one : all) nearest = std::min(nearest, one.rank);
  std::vector<Candidate> step;
  for (const Candidate& one : all) {
    if (one.rank == nearest) step.push_back(one);
  }
  std::sort(step.begin(), step.end(),
            [](const Candidate& a, const Candidate& b) {
              if (a.priority != b.priority) return a.priority > b.priority;
              return a.name < b.name;
            });
  std::vector<Candidate> best;
  for (const Candidate& one : step) {
    bool twin = false;
    for (const Candidate& other : best) twin |= one.vault == other.vault;
    if (!twin && one.priority == step.front().priority) best.push_back(one);
  }
  return best;
}

Reason Choose(const Case& c, const Question& question, OracleAnswer& answer,
              Candidate& chosen) {
  const std::vector<Candidate> eligible = Eligible(c, question.enrolled);
  if (question.slot) {
    for (const Candidate& one : eligible) {
      if (one.name != *question.slot) continue;
      chosen = one;
      return Reason::kAllowed;
    }
    return Reason::kNotEligible;
  }
  if (eligible.empty()) {
    return ModeOf(c.connection) == CredentialMode::kPerUser &&
                   AllowsPersonal(c.connection)
               ? Reason::kEnrollmentRequired
               : Reason::kNoCredential;
  }
  const std::vector<Candidate> best = BestOfNearestStep(eligible);
  if (best.size() > 1) {
    for (const Candidate& one : best) answer.slots.push_back(one.name);
    std::sort(answer.slots.begin(), answer.slots.end());
    return Reason::kAmbiguousCredential;
  }
  chosen = best.front();
  return Reason::kAllowed;
}

// Step 8.
Reason MayDisclose(const Case& c, const Candidate& chosen) {
  if (c.connection.server_side_only) return Reason::kServerSideOnly;
  if (chosen.vault &&
      c.objects.server_side_only.count(ApiPath(*chosen.vault)) > 0) {
    return Reason::kServerSideOnly;
  }
  if (Denied(c).Has(Privilege::kReadSecret)) {
    return Reason::kDisclosureNotAllowed;
  }
  if (c.connection.secret_readers == model::SecretReaders::kGranted &&
      !Allowed(c).Has(Privilege::kReadSecret)) {
    return Reason::kDisclosureNotAllowed;
  }
  return Reason::kAllowed;
}

std::optional<Time> ValidUntil(const Case& c) {
  std::optional<Time> next;
  for (const Grant* grant : c.objects.grants) {
    if (!Concerns(c, *grant)) continue;
    for (const std::optional<Time>& edge :
         {grant->window.not_before, grant->window.expires_at}) {
      if (edge && *edge > c.now && (!next || *edge < *next)) next = edge;
    }
  }
  return next;
}

Reason Decide(const Case& c, const Question& question, OracleAnswer& answer) {
  if (!PassesGate(c, question)) {
    answer.gated = true;
    return Reason::kNotVisible;
  }
  const PrivilegeSet allowed = Allowed(c);
  if (!allowed.Has(Privilege::kUse)) {
    return allowed.Has(Privilege::kView) ? Reason::kForbidden
                                         : Reason::kNotVisible;
  }
  if (Denied(c).Has(Privilege::kUse)) return Reason::kDenied;
  if (c.objects.not_ready.count(c.connection.ref()) > 0)
    return Reason::kNotReady;
  const bool disclose = question.delivery == access::Delivery::kDisclose;
  if (!disclose && !OracleHasInjector(c.connection.provider)) {
    return Reason::kInjectionUnsupported;
  }
  Candidate chosen;
  Reason reason = Choose(c, question, answer, chosen);
  if (reason == Reason::kAllowed && disclose) reason = MayDisclose(c, chosen);
  if (reason != Reason::kAllowed) return reason;
  answer.slot = chosen.name;
  answer.vault = chosen.vault;
  if (chosen.rank < kEveryone) answer.depth = std::max(chosen.rank, 0);
  return reason;
}

const Connection* FindConnection(const Objects& objects,
                                 const model::ObjectRef& ref) {
  for (const Connection& connection : objects.connections) {
    if (connection.ref() == ref) return &connection;
  }
  return nullptr;
}

}  // namespace

OracleAnswer Oracle(const OracleObjects& objects, const OracleGroups& groups,
                    const Caller& caller, const model::ObjectRef& connection,
                    const Question& question, Time now) {
  OracleAnswer answer;
  const Connection* known = FindConnection(objects.objects, connection);
  if (known == nullptr) return answer;
  const Case c{objects, groups, caller, *known, now};
  answer.reason = Decide(c, question, answer);
  answer.valid_until = ValidUntil(c);
  return answer;
}

OracleAnswer Oracle(const Objects& objects, const Caller& caller,
                    const model::ObjectRef& connection,
                    const Question& question, Time now) {
  return Oracle(OracleObjects(objects), GroupsOf(objects, caller), caller,
                connection, question, now);
}

PrivilegeSet OraclePrivileges(const Objects& objects, const Caller& caller,
                              const model::ObjectRef& connection, Time now) {
  const Connection* known = FindConnection(objects, connection);
  if (known == nullptr) return {};
  const OracleObjects judged(objects);
  const OracleGroups groups = GroupsOf(objects, caller);
  const Case c{judged, groups, caller, *known, now};
  const PrivilegeSet allowed = Allowed(c);
  const PrivilegeSet denied = Denied(c);
  PrivilegeSet left;
  for (const Privilege one :
       {Privilege::kView, Privilege::kUse, Privilege::kReadSecret,
        Privilege::kShare, Privilege::kManage}) {
    if (allowed.Has(one) && !denied.Has(one)) left.Add(one);
  }
  return left;
}

std::set<std::string> OraclePaths(const Objects& objects, const Caller& caller,
                                  Time now) {
  std::set<std::string> paths;
  const OracleObjects judged(objects);
  const OracleGroups groups = GroupsOf(objects, caller);
  const auto ask = [&](const Connection& connection,
                       std::optional<std::string> hint) {
    Question question;
    question.slot = std::move(hint);
    for (const int variant : {0, 1, 2, 3}) {
      question.enrolled = variant % 2 == 1;
      question.delivery =
          variant < 2 ? access::Delivery::kInject : access::Delivery::kDisclose;
      const OracleAnswer answer =
          Oracle(judged, groups, caller, connection.ref(), question, now);
      if (answer.vault) paths.insert(ApiPath(*answer.vault));
    }
  };
  for (const Connection& connection : objects.connections) {
    ask(connection, std::nullopt);
    ask(connection, "default");
    for (const Grant& grant : objects.grants) {
      if (grant.connection_ref() == connection.ref()) {
        ask(connection, "grant/" + grant.metadata.name);
      }
    }
  }
  return paths;
}

std::set<std::string> OraclePersonal(const Objects& objects,
                                     const model::ObjectRef& account,
                                     Time now) {
  std::set<std::string> uids;
  const Caller caller = Caller::ServiceAccount(account.ns, account.name);
  Question question;
  question.slot = "personal";
  question.enrolled = true;
  question.carrier = account;
  question.delivery = access::Delivery::kDisclose;
  for (const Connection& connection : objects.connections) {
    const Reason reason =
        Oracle(objects, caller, connection.ref(), question, now).reason;
    if (reason == Reason::kAllowed || reason == Reason::kServerSideOnly ||
        reason == Reason::kDisclosureNotAllowed) {
      uids.insert(connection.metadata.uid);
    }
  }
  return uids;
}

}  // namespace claviger::testing

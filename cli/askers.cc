// SPDX-License-Identifier: Apache-2.0
#include "cli/askers.h"

#include <set>
#include <utility>

namespace claviger::cli {
namespace {

// No Kubernetes name holds capitals; a user of this name would only be shown as
// "any user" is.
constexpr const char* kAnyName = "ANY";

class Collector {
 public:
  explicit Collector(const access::Snapshot& snapshot) {
    for (const model::ObjectRef& account : snapshot.service_accounts()) {
      accounts_.insert(account);
    }
    for (const model::Group& group : snapshot.groups()) AddGroup(group);
    for (const model::Connection& connection : snapshot.connections()) {
      AddConnection(connection);
    }
    for (const model::Grant& grant : snapshot.grants()) {
      for (const model::Subject& subject : grant.subjects) Add(subject);
    }
  }

  std::vector<Asker> Take() {
    std::vector<Asker> askers = {
        {Asker::Kind::kAnyAccount,
         access::Caller::ServiceAccount(kAnyName, kAnyName),
         "any service account"},
        {Asker::Kind::kAnyUser, access::Caller::User(kAnyName), "any user"}};
    for (const std::string& ns : namespaces_) {
      askers.push_back({Asker::Kind::kNamespace,
                        access::Caller::ServiceAccount(ns, kAnyName),
                        "any service account of " + ns});
    }
    for (const model::Claim& claim : claims_) {
      askers.push_back(
          {Asker::Kind::kClaim,
           access::Caller::User(kAnyName, {{claim.name, {claim.value}}}),
           "any user with " + claim.name + "=" + claim.value});
    }
    for (const model::ObjectRef& account : accounts_) {
      AddNamed(access::Caller::ServiceAccount(account.ns, account.name),
               askers);
    }
    for (const std::string& user : users_) {
      AddNamed(access::Caller::User(user), askers);
    }
    return askers;
  }

 private:
  static void AddNamed(access::Caller caller, std::vector<Asker>& askers) {
    std::string label = ToString(caller);
    askers.push_back(
        {Asker::Kind::kNamed, std::move(caller), std::move(label)});
  }

  void Add(const model::Subject& subject) {
    if (subject.kind == model::SubjectKind::kServiceAccount) {
      accounts_.insert({subject.ns, subject.name});
    } else if (subject.kind == model::SubjectKind::kUser) {
      users_.insert(subject.name);
    } else if (subject.kind == model::SubjectKind::kNamespace) {
      namespaces_.insert(subject.name);
    }
  }

  void AddGroup(const model::Group& group) {
    for (const model::Subject& member : group.members) Add(member);
    if (group.claim) claims_.insert(*group.claim);
  }

  void AddConnection(const model::Connection& connection) {
    if (connection.owner) Add(*connection.owner);
    if (!connection.workloads) return;
    for (const model::Workload& entry : *connection.workloads) {
      if (!entry.service_accounts) {
        namespaces_.insert(entry.ns);
        continue;
      }
      for (const std::string& name : *entry.service_accounts) {
        accounts_.insert({entry.ns, name});
      }
    }
  }

  std::set<model::ObjectRef> accounts_;
  std::set<std::string> users_;
  std::set<std::string> namespaces_;
  std::set<model::Claim> claims_;
};

}  // namespace

std::vector<Asker> AskersOf(const access::Snapshot& snapshot) {
  return Collector(snapshot).Take();
}

std::optional<model::ObjectRef> CarrierFor(
    const access::Caller& caller, const model::Connection& connection) {
  if (caller.kind == access::Caller::Kind::kServiceAccount) {
    return model::ObjectRef{caller.ns, caller.name};
  }
  if (!connection.workloads || connection.workloads->empty()) {
    return std::nullopt;
  }
  const model::Workload& entry = connection.workloads->front();
  const bool any = !entry.service_accounts || entry.service_accounts->empty();
  return model::ObjectRef{entry.ns,
                          any ? kAnyName : entry.service_accounts->front()};
}

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
#include "model/lint.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model/check.h"
#include "model/group_cycles.h"
#include "model/report.h"
#include "model/text.h"

namespace claviger::model {
namespace {

/// All objects, indexed, and the warnings found so far.
class Linter {
 public:
  explicit Linter(const Objects& objects) : objects_(objects) {
    for (const Connection& connection : objects.connections) {
      connections_.emplace(connection.ref(), &connection);
    }
    for (const Group& group : objects.groups) {
      groups_.insert(group.metadata.name);
    }
    cyclic_ = FindCyclicGroups(objects.groups);
  }

  std::vector<Problem> Run() {
    for (const Connection& connection : objects_.connections) {
      if (connection.refused) continue;
      LintConnection(connection);
    }
    for (const Grant& grant : objects_.grants) {
      if (!grant.refused) LintGrant(grant);
    }
    for (const Group& group : objects_.groups) {
      if (!group.refused) LintGroup(group);
    }
    return std::move(problems_);
  }

 private:
  void LintConnection(const Connection& connection) {
    Report report("Connection " + ToString(connection.ref()),
                  connection.metadata);
    for (size_t i = 0; i < connection.sharing.groups.size(); ++i) {
      NeedGroup(connection.sharing.groups[i], At("spec.sharing.groups", i),
                report);
    }
    if (connection.owner) NeedGroup(*connection.owner, "spec.owner", report);
    Keep(report);
  }

  void LintGrant(const Grant& grant) {
    Report report("Grant " + grant.metadata.ns + "/" + grant.metadata.name,
                  grant.metadata);
    NeedGroups(grant.subjects, "spec.subjects", report);
    const auto found = connections_.find(grant.connection_ref());
    if (found == connections_.end()) {
      report.Warn("spec.connection",
                  "no Connection " + Quoted(ToString(grant.connection_ref())) +
                      " was read",
                  "check the name, or add it");
    } else {
      LintUse(grant, *found->second, report);
    }
    Keep(report);
  }

  // What a Grant brings that its Connection makes no use of.
  static void LintUse(const Grant& grant, const Connection& connection,
                      Report& report) {
    if (grant.effect == Effect::kAllow && connection.server_side_only &&
        grant.privileges.Has(Privilege::kReadSecret)) {
      report.Warn("spec.privileges",
                  "readSecret is without effect while the connection is "
                  "server-side-only",
                  "leave it out, or set serverSideOnly: false there");
    }
    if (!grant.credential) return;
    const CredentialMode mode = EffectiveMode(connection);
    const bool far = std::any_of(grant.subjects.begin(), grant.subjects.end(),
                                 [](const Subject& one) {
                                   return one.kind == SubjectKind::kGroup ||
                                          one.kind == SubjectKind::kEveryone;
                                 });
    if (mode == CredentialMode::kGlobal) {
      report.Warn("spec.credential",
                  "ignored: the connection's credentials.mode is Global",
                  "remove it, or set credentials.mode: Layered there");
    } else if (mode == CredentialMode::kPerUser && far) {
      report.Warn("spec.credential",
                  "ignored for groups and Everyone: the connection's "
                  "credentials are per user",
                  "name users or service accounts, or set credentials.mode: "
                  "Layered there");
    }
  }

  void LintGroup(const Group& group) {
    Report report("Group " + group.metadata.name, group.metadata);
    NeedGroups(group.members, "spec.members", report);
    NeedGroups(group.admins, "spec.admins", report);
    if (group.members.empty() && !group.claim) {
      report.Warn("spec.members", "empty, and there is no claim: no members",
                  "add members or a claim");
    }
    if (cyclic_.count(group.metadata.name) > 0) {
      report.Warn("spec.members",
                  "the group contains itself, so it gives nothing",
                  "remove the membership that closes the circle");
    }
    Keep(report);
  }

  void NeedGroups(const std::vector<Subject>& subjects, const std::string& path,
                  Report& report) const {
    for (size_t i = 0; i < subjects.size(); ++i) {
      NeedGroup(subjects[i], At(path, i), report);
    }
  }

  void NeedGroup(const Subject& subject, const std::string& path,
                 Report& report) const {
    if (subject.kind != SubjectKind::kGroup) return;
    NeedGroup(subject.name, path + ".name", report);
  }

  void NeedGroup(const std::string& name, const std::string& path,
                 Report& report) const {
    if (groups_.count(name) > 0) return;
    report.Warn(path, "no Group " + Quoted(name) + " was read",
                "check the name, or add it");
  }

  void Keep(Report& report) {
    for (Problem& problem : report.Take()) {
      problems_.push_back(std::move(problem));
    }
  }

  const Objects& objects_;
  std::map<ObjectRef, const Connection*> connections_;
  std::set<std::string_view> groups_;
  std::set<std::string> cyclic_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> FindWarnings(const Objects& objects) {
  return Linter(objects).Run();
}

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
#include "access/named.h"

namespace claviger::access {
namespace {

using model::SubjectKind;

// Names hold no slash where it would make two of these equal.
std::string KeyOf(bool is_user, const std::string& ns,
                  const std::string& name) {
  return is_user ? "user/" + name : "sa/" + ns + "/" + name;
}

}  // namespace

void NameTable::Add(const model::Subject& subject, const GroupGraph& graph,
                    std::vector<Named>& out) {
  switch (subject.kind) {
    case SubjectKind::kUser:
    case SubjectKind::kServiceAccount: {
      const bool is_user = subject.kind == SubjectKind::kUser;
      const int next = static_cast<int>(ids_.size());
      const auto named =
          ids_.try_emplace(KeyOf(is_user, subject.ns, subject.name), next);
      out.push_back({Named::Kind::kCaller, named.first->second});
      return;
    }
    case SubjectKind::kGroup:
      if (const GroupIndex group = graph.Find(subject.name); group >= 0) {
        out.push_back({Named::Kind::kGroup, group});
      }
      return;
    case SubjectKind::kEveryone:
      out.push_back({Named::Kind::kEveryone, 0});
      return;
    case SubjectKind::kNamespace:
      return;  // a member of Groups only
  }
}

int NameTable::Find(const Caller& caller) const {
  const bool is_user = caller.kind == Caller::Kind::kUser;
  const auto found = ids_.find(KeyOf(is_user, caller.ns, caller.name));
  return found == ids_.end() ? -1 : found->second;
}

}  // namespace claviger::access

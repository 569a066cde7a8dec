// SPDX-License-Identifier: Apache-2.0
#include "operator/problems.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_set>

namespace claviger::op {
namespace {

// What problems call the objects that a part was about.
std::unordered_set<std::string> ObjectsOf(const access::Snapshot& snapshot,
                                          const access::Concerned& part) {
  std::unordered_set<std::string> names;
  for (const model::ObjectRef& ref : part.connections) {
    names.insert("Connection " + ToString(ref));
  }
  for (const model::Grant& grant : snapshot.grants()) {
    if (part.connections.count(grant.connection_ref()) == 0) continue;
    names.insert("Grant " + grant.metadata.ns + "/" + grant.metadata.name);
  }
  return names;
}

}  // namespace

void ReplaceProblems(const access::Snapshot& snapshot,
                     const access::Concerned& part, const access::Edits& edits,
                     std::vector<model::Problem>& problems) {
  std::unordered_set<std::string> objects = ObjectsOf(snapshot, part);
  for (const model::Ended& one : edits.ended) {
    objects.insert(one.kind + " " + ToString(one.ref));
  }
  const auto is_theirs = [&](const model::Problem& problem) {
    return objects.count(problem.object) > 0;
  };
  problems.erase(std::remove_if(problems.begin(), problems.end(), is_theirs),
                 problems.end());
  std::copy_if(snapshot.problems().begin(), snapshot.problems().end(),
               std::back_inserter(problems), is_theirs);
}

}  // namespace claviger::op

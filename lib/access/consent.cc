// SPDX-License-Identifier: Apache-2.0
#include "access/consent.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "access/stamp.h"

namespace claviger::access {
namespace {

using model::Refusal;

constexpr std::string_view kReplaced = "ConnectionReplaced";

bool GivesAGroupACredential(const model::Grant& grant) {
  return grant.credential &&
         std::any_of(grant.subjects.begin(), grant.subjects.end(),
                     [](const model::Subject& subject) {
                       return subject.kind == model::SubjectKind::kGroup;
                     });
}

Refusal NotStamped() {
  return {"NotStamped",
          "it does not say which connection and endpoint it was saved for",
          "save it again: the admission webhook then writes it down"};
}

void Report(const model::Grant& grant, model::Objects& objects) {
  objects.problems.push_back(
      {model::Problem::Severity::kWarning, grant.metadata.location,
       "Grant " + grant.metadata.ns + "/" + grant.metadata.name, "metadata",
       grant.inert->reason + ": gives nothing; " + grant.inert->detail,
       grant.inert->fix});
}

}  // namespace

model::Stamp StampFor(const model::Connection& connection,
                      const model::Grant& grant) {
  model::Stamp stamp{connection.metadata.uid, {}};
  if (GivesAGroupACredential(grant)) {
    stamp.endpoint_fingerprint = EndpointFingerprint(connection);
  }
  return stamp;
}

std::optional<Refusal> CheckConsent(const model::Connection& connection,
                                    const model::Grant& grant, bool required) {
  if (grant.effect == model::Effect::kDeny) return std::nullopt;
  if (!grant.stamp) {
    if (!required) return std::nullopt;
    return NotStamped();
  }
  const std::string name = ToString(connection.ref());
  if (grant.stamp->connection_uid != connection.metadata.uid) {
    return Refusal{std::string(kReplaced),
                   "it was saved for an earlier connection " + name +
                       ", which was deleted and made anew",
                   "save it again if it is meant for the new one"};
  }
  if (!GivesAGroupACredential(grant)) return std::nullopt;
  if (grant.stamp->endpoint_fingerprint.empty()) return NotStamped();
  if (grant.stamp->endpoint_fingerprint == EndpointFingerprint(connection)) {
    return std::nullopt;
  }
  return Refusal{"EndpointChanged",
                 "provider, endpoint, tls or disclosure of " + name +
                     " changed since it gave a group's credential to it",
                 "look at the connection, and save the Grant again if its "
                 "credential may go there"};
}

void JudgeConsent(bool required, model::Objects& objects) {
  std::unordered_map<std::string, const model::Connection*> connections;
  for (const model::Connection& connection : objects.connections) {
    connections.emplace(ToString(connection.ref()), &connection);
  }
  for (model::Grant& grant : objects.grants) {
    if (!grant.inert && (required || grant.stamp)) {
      const auto found = connections.find(ToString(grant.connection_ref()));
      if (found == connections.end()) continue;
      grant.inert = CheckConsent(*found->second, grant, required);
    }
    if (grant.inert && !grant.refused) Report(grant, objects);
  }
}

bool KeepsClaims(const model::Grant& grant) {
  return !grant.inert ||
         (grant.inert->reason != kReplaced && !model::IsRestored(grant.inert));
}

}  // namespace claviger::access

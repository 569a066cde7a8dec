// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/status_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "operator/kube/limits.h"
#include "operator/kube/trouble.h"

namespace claviger::op {
namespace {

Condition Yes(std::string type) {
  std::string reason = type;
  return {std::move(type), true, std::move(reason), "", ""};
}

Condition No(std::string type, std::string reason, std::string message) {
  return {std::move(type), false, std::move(reason), std::move(message), ""};
}

Condition Accepted(const std::optional<model::Refusal>& refused) {
  if (!refused) return Yes("Accepted");
  std::string message = refused->detail;
  if (!refused->fix.empty()) message += "; " + refused->fix;
  return No("Accepted", refused->reason, std::move(message));
}

std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) {
    text += " and " + std::to_string(names.size() - kShown) + " more";
  }
  return text;
}

class Writer {
 public:
  explicit Writer(const PassOutcome& outcome)
      : outcome_(outcome),
        troubles_(outcome.compiler, outcome.settled, outcome.report),
        limits_(outcome.snapshot, outcome.counts.over_budget) {}

  ObjectStatus OfConnection(const model::Connection& connection,
                            const ConnectionCounts& counts) const;
  ObjectStatus OfGrant(const model::Grant& grant) const;
  ObjectStatus OfGroup(int index, const GroupCounts& counts) const;

 private:
  Condition Programmed(const model::Metadata& metadata,
                       const Trouble* trouble) const;
  const Error* Undone() const;
  std::optional<Condition> NotInForce(const model::Grant& grant) const;

  const PassOutcome& outcome_;
  const Troubles troubles_;
  const Limits limits_;
};

// Ready is the first thing that is missing.
void Finish(ObjectStatus& status, std::optional<Condition> otherwise) {
  const auto missing =
      std::find_if(status.conditions.begin(), status.conditions.end(),
                   [](const Condition& one) {
                     return !one.holds && (one.type == "Accepted" ||
                                           one.type == "Programmed");
                   });
  if (missing != status.conditions.end()) {
    status.conditions.push_back(No("Ready", missing->reason, missing->message));
  } else if (otherwise) {
    status.conditions.push_back(*std::move(otherwise));
  } else {
    status.conditions.push_back(Yes("Ready"));
  }
  std::sort(
      status.conditions.begin(), status.conditions.end(),
      [](const Condition& a, const Condition& b) { return a.type < b.type; });
}

// What may have kept any object from Vault. Where nothing is known of who had
// what before, a failure may be about what was to be taken away.
const Error* Writer::Undone() const {
  const PassReport& report = outcome_.report;
  if (report.interrupted) return &*report.interrupted;
  if (outcome_.settled != nullptr) return nullptr;
  for (const Failure& failure : report.failures) {
    if (!failure.permanent) return &failure.error;
  }
  return nullptr;
}

Condition Writer::Programmed(const model::Metadata& metadata,
                             const Trouble* trouble) const {
  for (const Brake& brake : outcome_.report.brakes) {
    if (brake.ns != metadata.ns && brake.ns != "_all" &&
        brake.ns != "_cluster") {
      continue;
    }
    return No("Programmed", "MassDeletion",
              "too many objects are gone at once, so nothing changes here "
              "until safety.confirmMassDelete is " +
                  brake.confirmation);
  }
  if (trouble != nullptr) {
    return No("Programmed", trouble->reason, trouble->message);
  }
  const Error* undone = Undone();
  if (undone == nullptr) return Yes("Programmed");
  const auto known = outcome_.programmed.find(metadata.uid);
  if (known != outcome_.programmed.end() &&
      known->second == metadata.generation) {
    return Yes("Programmed");
  }
  Trouble away = TroubleOf(*undone);
  return No("Programmed", std::move(away.reason), std::move(away.message));
}

ObjectStatus Writer::OfConnection(const model::Connection& connection,
                                  const ConnectionCounts& counts) const {
  ObjectStatus status;
  status.observed_generation = connection.metadata.generation;
  status.counts = {{"grants", counts.grants},
                   {"principals", counts.principals}};
  status.conditions.push_back(Accepted(connection.refused));
  status.conditions.push_back(Programmed(
      connection.metadata, troubles_.OfConnection(connection.ref())));
  if (connection.endpoint.insecure) {
    status.conditions.push_back(
        {"Insecure", true, "InsecureEndpoint",
         "the login can be read by every container of the pod; use TLS", ""});
  }
  limits_.AddTo(connection, status);
  std::optional<Condition> otherwise;
  const auto blocked = outcome_.blocked.find(connection.ref());
  if (blocked != outcome_.blocked.end()) {
    otherwise = No("Ready", "DeletionBlocked",
                   "still in use by the Grants " + Listed(blocked->second) +
                       "; delete them, or set deletionPolicy to Revoke");
  }
  Finish(status, std::move(otherwise));
  return status;
}

std::optional<Condition> Writer::NotInForce(const model::Grant& grant) const {
  const Time now = outcome_.now;
  if (grant.suspended) {
    return No("Ready", "Suspended", "spec.suspended is true");
  }
  if (grant.window.not_before && now < *grant.window.not_before) {
    return No("Ready", "NotYetValid",
              "in force from " + FormatRfc3339(*grant.window.not_before));
  }
  if (grant.window.expires_at && *grant.window.expires_at <= now) {
    return No("Ready", "Expired",
              "ended at " + FormatRfc3339(*grant.window.expires_at));
  }
  const int index = outcome_.snapshot.Find(grant.connection_ref());
  if (index >= 0 && outcome_.snapshot.facts(index)->refused) {
    return No("Ready", "ConnectionNotReady",
              "its connection is not accepted: " +
                  outcome_.snapshot.facts(index)->refused->reason);
  }
  return limits_.NothingGiven(grant);
}

ObjectStatus Writer::OfGrant(const model::Grant& grant) const {
  ObjectStatus status;
  status.observed_generation = grant.metadata.generation;
  Condition accepted = Accepted(grant.refused ? grant.refused : grant.inert);
  if (accepted.holds && outcome_.snapshot.Find(grant.connection_ref()) < 0) {
    accepted = No("Accepted", "ConnectionNotFound",
                  "there is no Connection " + grant.connection +
                      " in this namespace; create it, or correct "
                      "spec.connection");
  }
  status.conditions.push_back(std::move(accepted));
  status.conditions.push_back(
      Programmed(grant.metadata,
                 troubles_.OfGrant({grant.metadata.ns, grant.metadata.name})));
  limits_.AddTo(grant, status);
  Finish(status, NotInForce(grant));
  return status;
}

ObjectStatus Writer::OfGroup(int index, const GroupCounts& counts) const {
  const model::Group& group =
      outcome_.snapshot.groups()[static_cast<size_t>(index)];
  ObjectStatus status;
  status.observed_generation = group.metadata.generation;
  status.counts = {{"members", counts.members}, {"depth", counts.depth}};
  Condition accepted = Accepted(group.refused);
  const access::GroupGraph& graph = outcome_.snapshot.graph();
  if (accepted.holds && graph.OnCycle(graph.Find(group.metadata.name))) {
    accepted = No("Accepted", "GroupCycle",
                  "the group contains itself through other groups, so it "
                  "gives nothing; remove one of the memberships");
  }
  status.conditions.push_back(std::move(accepted));
  status.conditions.push_back(Programmed(group.metadata, nullptr));
  Finish(status, std::nullopt);
  return status;
}

}  // namespace

std::map<ObjectId, ObjectStatus> StatusesOf(const PassOutcome& outcome) {
  const access::Snapshot& snapshot = outcome.snapshot;
  const Writer writer(outcome);
  std::map<ObjectId, ObjectStatus> statuses;
  const auto& connections = outcome.counts.connections;
  for (size_t i = 0; i < connections.size(); ++i) {
    const model::Connection& one = snapshot.connections()[i];
    statuses.emplace(ObjectId{ObjectKind::kConnection, one.ref()},
                     writer.OfConnection(one, connections[i]));
  }
  for (const model::Grant& one : snapshot.grants()) {
    statuses.emplace(
        ObjectId{ObjectKind::kGrant, {one.metadata.ns, one.metadata.name}},
        writer.OfGrant(one));
  }
  const auto groups = CountGroups(snapshot);
  for (size_t i = 0; i < groups.size(); ++i) {
    statuses.emplace(
        ObjectId{ObjectKind::kGroup, {"", snapshot.groups()[i].metadata.name}},
        writer.OfGroup(static_cast<int>(i), groups[i]));
  }
  return statuses;
}

ObjectStatus StatusOfBroken(const model::Objects& broken, int64_t generation) {
  std::string message = "the object cannot be read";
  if (!broken.problems.empty()) message = ToString(broken.problems.front());
  ObjectStatus status;
  status.observed_generation = generation;
  status.conditions = {No("Accepted", "InvalidSpec", message)};
  Finish(status, std::nullopt);
  return status;
}

ObjectStatus StatusOfPending(int64_t generation) {
  ObjectStatus status;
  status.observed_generation = generation;
  status.conditions = {
      Yes("Accepted"),
      No("Programmed", "Pending", "waits for its finalizer to be written")};
  Finish(status, std::nullopt);
  return status;
}

}  // namespace claviger::op

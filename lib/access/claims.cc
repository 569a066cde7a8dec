// SPDX-License-Identifier: Apache-2.0
#include "access/claims.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/consent.h"
#include "access/precedence.h"

namespace claviger::access {
namespace {

// One object naming a Vault path: a Connection by its default slot, or a Grant
// on behalf of its Connection.
struct Naming {
  const model::Metadata* metadata;
  std::optional<model::Refusal>* refused;
  const model::Connection* connection;
  const model::VaultRef* vault;
  bool by_grant;
};

// A connection out of a backup keeps nothing from who came after it.
bool NotAllowed(const std::optional<model::Refusal>& refused) {
  return model::IsRestored(refused) ||
         (refused && refused->reason == "PathNotAllowed");
}

// Everything that names a path it may name: what it may not name at all, it
// cannot claim either.
std::vector<Naming> Namings(model::Objects& objects) {
  std::vector<Naming> namings;
  std::map<model::ObjectRef, const model::Connection*> connections;
  for (model::Connection& connection : objects.connections) {
    connections.emplace(connection.ref(), &connection);
    const auto& slot = connection.credentials.default_slot;
    if (!slot || NotAllowed(connection.refused)) continue;
    namings.push_back({&connection.metadata, &connection.refused, &connection,
                       &slot->vault, false});
  }
  for (model::Grant& grant : objects.grants) {
    if (!grant.credential || NotAllowed(grant.refused)) continue;
    if (!KeepsClaims(grant)) continue;
    const auto connection = connections.find(grant.connection_ref());
    if (connection == connections.end()) continue;
    namings.push_back({&grant.metadata, &grant.refused, connection->second,
                       &grant.credential->vault, true});
  }
  return namings;
}

bool IsBefore(const Naming& a, const Naming& b) {
  return CameBefore({a.metadata, a.connection, a.by_grant},
                    {b.metadata, b.connection, b.by_grant});
}

void Report(model::Objects& objects, std::string_view kind,
            const model::Metadata& metadata, std::string path,
            const model::Refusal& refusal) {
  objects.problems.push_back(
      {model::Problem::Severity::kInvalid, metadata.location,
       std::string(kind) + " " + metadata.ns + "/" + metadata.name,
       std::move(path), refusal.reason + ": " + refusal.detail, refusal.fix});
}

constexpr std::string_view kDefaultPath = "spec.credentials.default.vault";
constexpr std::string_view kGrantPath = "spec.credential.vault";

void RefuseNotAllowed(const PathRules& rules, model::Objects& objects) {
  for (model::Connection& connection : objects.connections) {
    if (connection.refused || !connection.credentials.default_slot) continue;
    connection.refused = CheckPath(rules, connection.ref(),
                                   connection.credentials.default_slot->vault);
    if (connection.refused) {
      Report(objects, "Connection", connection.metadata,
             std::string(kDefaultPath), *connection.refused);
    }
  }
  for (model::Grant& grant : objects.grants) {
    if (grant.refused || !grant.credential) continue;
    grant.refused =
        CheckPath(rules, grant.connection_ref(), grant.credential->vault);
    if (grant.refused) {
      Report(objects, "Grant", grant.metadata, std::string(kGrantPath),
             *grant.refused);
    }
  }
}

model::Refusal ClaimedBy(const std::string& path,
                         const model::Connection& first) {
  const std::string by = "Connection " + ToString(first.ref());
  return {"PathClaimed",
          "the Vault path " + path + " was named first by " + by +
              ", which has another owner",
          "name a path of your own, or ask the owner of " + by +
              " for a Grant there"};
}

void RefuseClaimedByOthers(model::Objects& objects) {
  std::vector<Naming> namings = Namings(objects);
  std::sort(namings.begin(), namings.end(), IsBefore);
  std::unordered_map<std::string, const model::Connection*> first;
  for (const Naming& naming : namings) {
    const std::string path = ApiPath(*naming.vault);
    const auto held = first.try_emplace(path, naming.connection).first;
    if (held->second->owner == naming.connection->owner) continue;
    if (*naming.refused) continue;
    *naming.refused = ClaimedBy(path, *held->second);
    Report(objects, naming.by_grant ? "Grant" : "Connection", *naming.metadata,
           std::string(naming.by_grant ? kGrantPath : kDefaultPath),
           **naming.refused);
  }
}

}  // namespace

void RefusePaths(const PathRules& rules, model::Objects& objects) {
  RefuseNotAllowed(rules, objects);
  RefuseClaimedByOthers(objects);
}

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
#include "access/claims.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace claviger::access {
namespace {

using Owner = std::optional<model::Subject>;

// Who named a path first.
struct Claimant {
  Owner owner;
  std::string by;  // "sales/warehouse"
};
using Claimed = std::unordered_map<std::string, Claimant>;

// The order of naming: creation time, then uid; what has no creation time
// (files) by namespace and name, behind what has one.
auto OrderOf(const model::Metadata& metadata) {
  return std::tuple(!metadata.created.has_value(),
                    metadata.created.value_or(Time()),
                    metadata.created ? metadata.uid : std::string(),
                    metadata.ns, metadata.name);
}

template <typename T>
std::vector<T*> InOrder(std::vector<T>& objects) {
  std::vector<T*> ordered;
  ordered.reserve(objects.size());
  for (T& object : objects) ordered.push_back(&object);
  std::sort(ordered.begin(), ordered.end(), [](const T* a, const T* b) {
    return OrderOf(a->metadata) < OrderOf(b->metadata);
  });
  return ordered;
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

// The claim on `path` by `owner`: absent when it is theirs, or was nobody's.
std::optional<model::Refusal> Claim(Claimed& claimed, const std::string& path,
                                    const Owner& owner, std::string by) {
  const auto [held, fresh] = claimed.try_emplace(path, Claimant{owner, by});
  if (fresh || held->second.owner == owner) return std::nullopt;
  return model::Refusal{"PathClaimed",
                        "the Vault path " + path + " was named first by " +
                            held->second.by + ", which has another owner",
                        "name a path of your own, or ask the owner of " +
                            held->second.by + " for a Grant there"};
}

bool NotAllowed(const std::optional<model::Refusal>& refused) {
  return refused && refused->reason == "PathNotAllowed";
}

void RefuseClaimedByOthers(model::Objects& objects) {
  Claimed claimed;
  std::map<model::ObjectRef, Owner> owners;
  for (model::Connection* connection : InOrder(objects.connections)) {
    owners[connection->ref()] = connection->owner;
    if (!connection->credentials.default_slot) continue;
    // A path that it may not name at all, it cannot claim either.
    if (NotAllowed(connection->refused)) continue;
    auto refusal =
        Claim(claimed, ApiPath(connection->credentials.default_slot->vault),
              connection->owner, "Connection " + ToString(connection->ref()));
    if (!refusal || connection->refused) continue;
    connection->refused = std::move(refusal);
    Report(objects, "Connection", connection->metadata,
           std::string(kDefaultPath), *connection->refused);
  }
  for (model::Grant* grant : InOrder(objects.grants)) {
    if (!grant->credential || NotAllowed(grant->refused)) continue;
    const auto owner = owners.find(grant->connection_ref());
    if (owner == owners.end()) continue;
    auto refusal =
        Claim(claimed, ApiPath(grant->credential->vault), owner->second,
              "Connection " + ToString(grant->connection_ref()));
    if (!refusal || grant->refused) continue;
    grant->refused = std::move(refusal);
    Report(objects, "Grant", grant->metadata, std::string(kGrantPath),
           *grant->refused);
  }
}

}  // namespace

void RefusePaths(const PathRules& rules, model::Objects& objects) {
  RefuseNotAllowed(rules, objects);
  RefuseClaimedByOthers(objects);
}

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// Which Vault paths may be named, and whose they are (docs/adr/0008). The
// operator goes by who named a path first; here nobody may name one that a
// Connection of another owner names at all, or an old Connection edited to
// name a newer one's path would win it.
#include "access/consent.h"
#include "operator/webhook/rules.h"

namespace claviger::op::webhook {
namespace {

Refused ToRefused(const model::Refusal& refusal) {
  return {Rule::kPath, refusal.reason + ": " + refusal.detail, refusal.fix};
}

Finding Allowed(const Case& one, const model::ObjectRef& connection,
                const model::VaultRef& vault) {
  const auto refusal =
      access::CheckPath(one.settings.snapshot.paths, connection, vault);
  if (!refusal) return std::nullopt;
  return ToRefused(*refusal);
}

// `by` says what names the path, where that is not the object under review.
Finding Unclaimed(const Case& one, const model::Connection& connection,
                  const model::VaultRef& vault, const std::string& by) {
  const std::string path = ApiPath(vault);
  const auto& connections = one.view.snapshot().connections();
  for (const Naming& naming : one.view.NamingsOf(path)) {
    const model::Connection& other =
        connections[static_cast<size_t>(naming.connection)];
    if (other.ref() == connection.ref() || other.owner == connection.owner) {
      continue;
    }
    const std::string holder = "Connection " + ToString(other.ref());
    return Refused{Rule::kPath,
                   "PathClaimed: the Vault path " + path +
                       (by.empty() ? "" : ", which " + by + " names,") +
                       " is named by " + holder + ", which has another owner",
                   by.empty()
                       ? "name a path of your own, or ask the owner of " +
                             holder + " for a Grant there"
                       : "delete " + by + " first"};
  }
  return std::nullopt;
}

// A path that was named before, by the same owner's Connection: who was first
// is decided already.
bool Keeps(const model::VaultRef* before, const model::VaultRef& now) {
  return before != nullptr && ApiPath(*before) == ApiPath(now);
}

Finding StandsClaimed(const std::optional<model::Refusal>& refused) {
  if (!refused || refused->reason != "PathClaimed") return std::nullopt;
  return ToRefused(*refused);
}

const model::VaultRef* DefaultOf(const model::Connection* connection) {
  if (connection == nullptr || !connection->credentials.default_slot) {
    return nullptr;
  }
  return &connection->credentials.default_slot->vault;
}

// Of a new Connection, those that were left behind by an earlier one: stamped
// ones stay inert, and claim nothing.
Finding CheckGrantsOn(const Case& one, const model::Connection& connection,
                      bool is_new) {
  const auto& grants = one.view.snapshot().grants();
  for (const int index : one.view.CredentialsOn(connection.ref())) {
    const model::Grant& grant = grants[static_cast<size_t>(index)];
    if (is_new ? grant.stamp.has_value() : !access::KeepsClaims(grant)) {
      continue;
    }
    const std::string by =
        "Grant " + grant.metadata.ns + "/" + grant.metadata.name;
    if (auto found = Unclaimed(one, connection, grant.credential->vault, by)) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

Finding CheckGrantPath(const Case& one, const model::Connection& connection,
                       const model::Grant& grant) {
  if (!grant.credential) return std::nullopt;
  const model::VaultRef& vault = grant.credential->vault;
  if (auto found = Allowed(one, connection.ref(), vault)) return found;
  const model::Grant* known =
      one.view.FindGrant({grant.metadata.ns, grant.metadata.name});
  const bool keeps = known != nullptr && known->credential &&
                     access::KeepsClaims(*known) &&
                     known->connection == grant.connection &&
                     Keeps(&known->credential->vault, vault);
  if (keeps) return StandsClaimed(known->refused);
  return Unclaimed(one, connection, vault, "");
}

Finding CheckConnectionPaths(const Case& one,
                             const model::Connection& connection,
                             const model::Connection* old) {
  const bool same_owner = old != nullptr && old->owner == connection.owner;
  const model::Connection* known = one.view.FindConnection(connection.ref());
  if (const model::VaultRef* vault = DefaultOf(&connection)) {
    if (auto found = Allowed(one, connection.ref(), *vault)) return found;
    const bool keeps =
        same_owner && known != nullptr && !model::IsRestored(known->refused) &&
        known->owner == connection.owner && Keeps(DefaultOf(known), *vault);
    auto found = keeps ? StandsClaimed(known->refused)
                       : Unclaimed(one, connection, *vault, "");
    if (found) return found;
  }
  return same_owner ? std::nullopt
                    : CheckGrantsOn(one, connection, old == nullptr);
}

}  // namespace claviger::op::webhook

// SPDX-License-Identifier: Apache-2.0
//
// What the objects themselves decide, whoever asks: which are refused (step 6
// and the claims on paths), and which Vault paths are server-side-only.
#include <algorithm>
#include <tuple>

#include "support/oracle.h"
#include "support/oracle_objects.h"

namespace claviger::testing {
namespace {

using model::Connection;
using model::Grant;
using model::Objects;

// Never to be named, whatever is configured.
bool IsReserved(const std::string& api_path) {
  const std::string first = api_path.substr(0, api_path.find('/'));
  for (const char* mount :
       {"sys", "auth", "identity", "cubbyhole", "claviger"}) {
    if (first == mount) return true;
  }
  return false;
}

// The catalogue, as far as random worlds use it.
bool FitsItsProvider(const Connection& connection) {
  if (!OracleHasInjector(connection.provider) && connection.server_side_only) {
    return false;
  }
  const model::SharingMode sharing = connection.sharing.mode;
  if (connection.credentials.type == "oauth2-code") {  // per person only
    if (sharing == model::SharingMode::kViewerCredentials) return true;
    return sharing == model::SharingMode::kPrivate &&
           connection.credentials.mode != model::CredentialMode::kGlobal;
  }
  return true;
}

bool IsBefore(const Connection& a, const Connection& b) {
  if (a.metadata.created && b.metadata.created) {
    return std::tie(*a.metadata.created, a.metadata.uid) <
           std::tie(*b.metadata.created, b.metadata.uid);
  }
  return std::tie(a.metadata.ns, a.metadata.name) <
         std::tie(b.metadata.ns, b.metadata.name);
}

// Who named the path first, by a connection's own slot. A connection that may
// not name the path at all holds no claim on it.
const Connection* ClaimantOf(const Objects& objects,
                             const std::string& api_path) {
  const Connection* first = nullptr;
  for (const Connection& connection : objects.connections) {
    const auto& slot = connection.credentials.default_slot;
    if (!slot || ApiPath(slot->vault) != api_path) continue;
    if (connection.refused && connection.refused->reason == "PathNotAllowed") {
      continue;
    }
    if (first == nullptr || IsBefore(connection, *first)) first = &connection;
  }
  return first;
}

bool MayName(const Objects& objects, const Connection& connection,
             const model::VaultRef& vault) {
  const std::string path = ApiPath(vault);
  if (IsReserved(path)) return false;
  const Connection* claimant = ClaimantOf(objects, path);
  return claimant == nullptr || claimant->owner == connection.owner;
}

}  // namespace

bool OracleHasInjector(const std::string& provider) {
  return provider == "postgresql" || provider == "http";
}

const Connection* FindConnection(const Objects& objects,
                                 const model::ObjectRef& ref) {
  for (const Connection& connection : objects.connections) {
    if (connection.ref() == ref) return &connection;
  }
  return nullptr;
}

bool OracleRefuses(const Objects& objects, const Connection& connection) {
  if (connection.refused || !FitsItsProvider(connection)) return true;
  const auto& slot = connection.credentials.default_slot;
  if (slot && !MayName(objects, connection, slot->vault)) return true;
  for (const Grant& grant : objects.grants) {
    if (grant.refused && grant.effect == model::Effect::kDeny &&
        grant.connection_ref() == connection.ref()) {
      return true;
    }
  }
  for (const model::BrokenDeny& deny : objects.broken_denies) {
    if (deny.connection == connection.ref()) return true;
  }
  return false;
}

bool OracleRefuses(const Objects& objects, const Grant& grant) {
  if (grant.refused) return true;
  const Connection* connection =
      FindConnection(objects, grant.connection_ref());
  return connection != nullptr && grant.credential &&
         !MayName(objects, *connection, grant.credential->vault);
}

bool IsServerSideOnlyPath(const Objects& objects, const std::string& api_path) {
  for (const Connection& connection : objects.connections) {
    const auto& slot = connection.credentials.default_slot;
    if (slot && ApiPath(slot->vault) == api_path &&
        (slot->server_side_only || connection.server_side_only)) {
      return true;
    }
  }
  for (const Grant& grant : objects.grants) {
    if (!grant.credential || ApiPath(grant.credential->vault) != api_path) {
      continue;
    }
    if (grant.credential->server_side_only) return true;
    const Connection* connection =
        FindConnection(objects, grant.connection_ref());
    if (connection != nullptr && connection->server_side_only) return true;
  }
  return false;
}

}  // namespace claviger::testing

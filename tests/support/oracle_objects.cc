// SPDX-License-Identifier: Apache-2.0
//
// What the objects themselves decide, whoever asks: which are refused (step 6
// and the claims on paths), and which Vault paths are server-side-only.
#include <algorithm>
#include <tuple>

#include "access/stamp.h"
#include "support/oracle.h"

namespace claviger::testing {
namespace {

using model::Connection;
using model::Grant;
using model::Objects;

const Connection* FindConnection(const Objects& objects,
                                 const model::ObjectRef& ref) {
  for (const Connection& connection : objects.connections) {
    if (connection.ref() == ref) return &connection;
  }
  return nullptr;
}

// Never to be named, whatever is configured.
bool IsReserved(const std::string& api_path) {
  const std::string first = api_path.substr(0, api_path.find('/'));
  for (const char* mount :
       {"sys", "auth", "identity", "cubbyhole", "claviger"}) {
    if (first == mount) return true;
  }
  return false;
}

// The catalogue, as far as random worlds use it: they rename only the keys of
// passwords.
bool KeysFit(const Connection& connection, const model::VaultRef& vault) {
  return vault.keys.empty() || connection.credentials.type == "password";
}

bool FitsItsProvider(const Connection& connection) {
  if (!OracleHasInjector(connection.provider) && connection.server_side_only) {
    return false;
  }
  const auto& slot = connection.credentials.default_slot;
  if (slot && !KeysFit(connection, slot->vault)) return false;
  const model::SharingMode sharing = connection.sharing.mode;
  if (connection.credentials.type == "oauth2-code") {  // per person only
    if (sharing == model::SharingMode::kViewerCredentials) return true;
    return sharing == model::SharingMode::kPrivate &&
           connection.credentials.mode != model::CredentialMode::kGlobal;
  }
  return true;
}

// One object naming a path: a connection by its default slot, a Grant on behalf
// of its connection.
struct Naming {
  const model::Metadata& object;
  const Connection& connection;
};

// By creation time, then uid; in files by the connection's name, its own slot
// first.
bool IsBefore(const Naming& a, const Naming& b) {
  const model::Metadata& x = a.object;
  const model::Metadata& y = b.object;
  if (x.created && y.created) {
    return std::tie(*x.created, x.uid) < std::tie(*y.created, y.uid);
  }
  const bool x_by_grant = &x != &a.connection.metadata;
  const bool y_by_grant = &y != &b.connection.metadata;
  return std::tuple(a.connection.ref(), x_by_grant, x.name) <
         std::tuple(b.connection.ref(), y_by_grant, y.name);
}

bool MayNotNameIt(const std::optional<model::Refusal>& refused) {
  return refused && refused->reason == "PathNotAllowed";
}

// Consent: an Allow that was saved for another connection of that name, or
// that gives a group's credential to where it was not saved for.
bool IsOrphaned(const Connection& connection, const Grant& grant) {
  return grant.effect == model::Effect::kAllow && grant.stamp &&
         grant.stamp->connection_uid != connection.metadata.uid;
}

bool IsMisdirected(const Connection& connection, const Grant& grant) {
  if (grant.effect == model::Effect::kDeny || !grant.stamp) return false;
  bool names_group = false;
  for (const model::Subject& subject : grant.subjects) {
    names_group |= subject.kind == model::SubjectKind::kGroup;
  }
  return names_group && grant.credential &&
         grant.stamp->endpoint_fingerprint !=
             access::EndpointFingerprint(connection);
}

bool IsInert(const Objects& objects, const Grant& grant) {
  const Connection* connection =
      FindConnection(objects, grant.connection_ref());
  return connection != nullptr &&
         (IsOrphaned(*connection, grant) || IsMisdirected(*connection, grant));
}

// Everything that names the path. What may not name it at all holds no claim
// on it.
std::vector<Naming> NamingsOf(const Objects& objects, const std::string& path) {
  std::vector<Naming> namings;
  for (const Connection& connection : objects.connections) {
    const auto& slot = connection.credentials.default_slot;
    if (slot && ApiPath(slot->vault) == path &&
        !MayNotNameIt(connection.refused)) {
      namings.push_back({connection.metadata, connection});
    }
  }
  for (const Grant& grant : objects.grants) {
    const Connection* connection =
        FindConnection(objects, grant.connection_ref());
    if (connection != nullptr && grant.credential &&
        ApiPath(grant.credential->vault) == path &&
        !MayNotNameIt(grant.refused) && !IsOrphaned(*connection, grant)) {
      namings.push_back({grant.metadata, *connection});
    }
  }
  return namings;
}

bool MayName(const Objects& objects, const Connection& connection,
             const model::VaultRef& vault) {
  const std::string path = ApiPath(vault);
  if (IsReserved(path)) return false;
  const std::vector<Naming> namings = NamingsOf(objects, path);
  if (namings.empty()) return true;
  const auto first = std::min_element(namings.begin(), namings.end(), IsBefore);
  return first->connection.owner == connection.owner;
}

bool IsRefused(const Objects& objects, const Connection& connection) {
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

bool IsRefused(const Objects& objects, const Grant& grant) {
  if (grant.refused) return true;
  const Connection* connection =
      FindConnection(objects, grant.connection_ref());
  if (connection == nullptr || !grant.credential) return false;
  const model::VaultRef& vault = grant.credential->vault;
  return !KeysFit(*connection, vault) || !MayName(objects, *connection, vault);
}

bool IsServerSideOnly(const Objects& objects, const Grant& grant) {
  if (grant.credential->server_side_only) return true;
  const Connection* connection =
      FindConnection(objects, grant.connection_ref());
  return connection != nullptr && connection->server_side_only;
}

}  // namespace

OracleObjects::OracleObjects(const Objects& all) : objects(all) {
  for (const Connection& connection : all.connections) {
    if (IsRefused(all, connection)) not_ready.insert(connection.ref());
    const auto& slot = connection.credentials.default_slot;
    if (slot && (slot->server_side_only || connection.server_side_only)) {
      server_side_only.insert(ApiPath(slot->vault));
    }
  }
  for (const Grant& grant : all.grants) {
    if (!IsRefused(all, grant) && !IsInert(all, grant)) {
      grants.push_back(&grant);
    }
    if (grant.credential && IsServerSideOnly(all, grant)) {
      server_side_only.insert(ApiPath(grant.credential->vault));
    }
  }
}

bool OracleHasInjector(const std::string& provider) {
  return provider == "postgresql" || provider == "http";
}

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
//
// Connection: a data source or service, who may use it, and with which
// credentials. Field names and defaults are those of `claviger.io/v1alpha1`.
// A plain value; see object.h for the thread rule.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/object.h"
#include "model/vault_ref.h"

namespace claviger::model {

struct Tls {
  std::string mode = "verify-full";
  std::string ca_bundle;    // PEM; empty: the system's authorities
  std::string server_name;  // empty: the host
  auto operator<=>(const Tls&) const = default;
};

/// Where the data source is. The HTTP family has `url`, the others `host`.
struct Endpoint {
  std::string url;
  std::string host;
  std::optional<int> port;
  std::vector<std::string> hosts;
  std::string database;
  bool insecure = false;
  std::vector<std::string> methods;
  std::vector<std::string> path_prefixes;
  Tls tls;
  std::map<std::string, std::string> parameters;
};

enum class SharingMode { kPrivate, kOrganization, kGroups, kViewerCredentials };
std::string_view ToString(SharingMode mode);

struct Sharing {
  SharingMode mode = SharingMode::kPrivate;
  std::vector<std::string> groups;  // empty: not given
};

/// One entry of the workload gate: these service accounts of one namespace.
struct Workload {
  std::string ns;
  std::optional<std::vector<std::string>> service_accounts;  // absent: all
};

enum class CredentialMode { kGlobal, kPerUser, kLayered };
std::string_view ToString(CredentialMode mode);

enum class OnSecretFailure { kFail, kNext };

/// The connection's own credential.
struct DefaultSlot {
  VaultRef vault;
  bool server_side_only = false;
};

struct Credentials {
  std::string type;
  CredentialMode mode = CredentialMode::kGlobal;
  bool allow_personal = true;
  std::optional<DefaultSlot> default_slot;
  OnSecretFailure on_secret_failure = OnSecretFailure::kFail;
  /// For how long what Vault cannot confirm is served; absent: to its end.
  std::optional<std::chrono::seconds> max_stale;
};

enum class SecretReaders { kUsers, kGranted };
enum class DeletionPolicy { kBlock, kRevoke };

struct Connection {
  Metadata metadata;
  std::string provider;
  Endpoint endpoint;
  std::optional<Subject> owner;
  Sharing sharing;
  std::optional<std::vector<Workload>> workloads;  // absent: any carrier
  Credentials credentials;
  bool server_side_only = true;
  SecretReaders secret_readers = SecretReaders::kGranted;
  DeletionPolicy deletion_policy = DeletionPolicy::kBlock;
  /// Set when validation refused it: NotReady for everyone.
  std::optional<Refusal> refused;

  ObjectRef ref() const { return {metadata.ns, metadata.name}; }
};

/// ViewerCredentials forces PerUser, whatever the object says.
CredentialMode EffectiveMode(const Connection& connection);

/// Whether a caller's own stored credential counts at all (resolution.md:
/// allowPersonal or ViewerCredentials, and the mode is not Global).
bool PersonalAllowed(const Connection& connection);

}  // namespace claviger::model

// SPDX-License-Identifier: Apache-2.0
//
// What one sidecar is told: who it is, where its documents are in Vault, and
// where it listens. The configuration file becomes one of these (config.h);
// `claviger dev` fills one per service account. A plain value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/object.h"
#include "providers/file_formats.h"
#include "providers/listeners.h"
#include "sidecar/proxy/address.h"

namespace claviger::sidecar {

enum class LoginKind {
  kJwt,      // a service account's token, or another JWT: kubernetes and jwt
  kAppRole,  // a role id and a secret id
  kToken,    // a token of Vault that somebody else made, and ends
};

/// The names under which the operator keeps this cluster's things in Vault.
struct VaultNames {
  std::string cluster;
  std::string mount = "claviger";       // KV v2: bindings
  std::string auth_mount = "claviger";  // where to log in; not for kToken
  std::string user_auth_mount;          // jwt; empty: users cannot log in
  std::string user_claim = "sub";       // the claim that is the user's name
  LoginKind login = LoginKind::kJwt;
};

struct SocketSettings {
  std::string path = "/run/claviger/claviger.sock";
  unsigned mode = 0660;
  /// Peer uids that may call; empty: any that the file's mode lets in.
  std::vector<uint32_t> allowed_uids;
};

/// 127.0.0.1, only on request. All ports there, those of proxied connections
/// too, ask for one secret, which is made at start and written to a file.
struct TcpSettings {
  std::optional<uint16_t> port;  // of the local API; 0: any free one
  std::string secret_file = "/run/claviger/tcp-secret";
  unsigned mode = 0400;  // of that file
};

/// Health and metrics.
struct HealthSettings {
  std::string address = "0.0.0.0";
  uint16_t port = 9810;  // 0: any free one
};

struct Intervals {
  /// How often the bindings are compared with Vault's, jittered.
  std::chrono::milliseconds bindings{5'000};
  /// How often a cached KV secret is compared with Vault's, jittered.
  std::chrono::milliseconds kv{60'000};
  /// How long a user's login may be reused at most.
  std::chrono::milliseconds user_session{300'000};
  /// How long one connection's `report-failed` is answered 429 after another.
  std::chrono::milliseconds report_failed{10'000};
  /// How long a proxied session that may not be any more has to end its
  /// transaction.
  std::chrono::milliseconds revocation_grace{30'000};
  /// How long answers under way may take once Stop was called.
  std::chrono::milliseconds drain{5'000};
};

/// Files with credentials, for those who cannot ask the local API.
struct FileSettings {
  std::vector<providers::FileWish> wanted;  // sorted
  std::string directory = "/run/claviger/files";
  std::string bindings_directory = "/run/claviger/bindings";
  unsigned mode = 0400;
  std::optional<providers::FileNotice> notice;
};

/// The decision log.
struct DecisionSettings {
  std::string to = "stdout";  // "stdout", "off", or a file's path
  /// How often equal decisions are written again, with their count.
  std::chrono::milliseconds repeat{60'000};
  uint64_t max_bytes = uint64_t{16} << 20U;  // of a file; one more is kept
};

/// Listeners of server-side-only connections, whose requests the sidecar sends
/// on with the credential.
struct ProxySettings {
  std::vector<providers::ListenWish> listeners;  // sorted
  std::string directory = "/run/claviger/connections";
  proxy::AddressRules addresses;
};

struct Settings {
  VaultNames vault;
  model::ObjectRef identity;  // this pod's service account
  SocketSettings socket;
  TcpSettings tcp;
  std::optional<HealthSettings> health;
  Intervals intervals;
  FileSettings files;
  DecisionSettings decisions;
  ProxySettings proxy;
};

}  // namespace claviger::sidecar

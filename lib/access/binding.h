// SPDX-License-Identifier: Apache-2.0
//
// A Connection as one caller meets it: what is the same for everyone (facts),
// and what the objects say about this caller (ownership, sharing, matching
// Grants with their depth). This is all that a decision needs, so it is what
// bindings documents hold and what both `explain` and the sidecar decide from.
// Plain values; facts are shared and immutable.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/connection.h"
#include "model/grant.h"

namespace claviger::access {

/// A credential slot as the objects name it. No secret: where it is.
struct Slot {
  model::VaultRef vault;
  int priority = 0;
  /// Said on the slot or its connection, or by any other slot that names the
  /// same Vault path (resolution.md, DISCLOSE).
  bool server_side_only = false;
};

/// The part of a Connection that is the same for every caller.
struct ConnectionFacts {
  model::ObjectRef ref;
  std::string uid;
  std::string provider;
  model::Endpoint endpoint;
  std::string credential_type;
  model::SharingMode sharing = model::SharingMode::kPrivate;
  model::CredentialMode mode = model::CredentialMode::kGlobal;  // effective
  bool personal_allowed = false;                                // effective
  bool server_side_only = true;
  model::SecretReaders secret_readers = model::SecretReaders::kGranted;
  model::OnSecretFailure on_secret_failure = model::OnSecretFailure::kFail;
  std::optional<std::chrono::seconds> max_stale;
  bool injectable = false;  // the provider has an injector
  std::optional<std::vector<model::Workload>> workloads;
  std::optional<Slot> default_slot;
  /// Why it is NotReady, for everyone; absent when it is sound.
  std::optional<model::Refusal> refused;
};

/// An unsuspended, valid Grant whose subjects match the caller, by the set that
/// its effect uses. Windows are kept, not applied: time is the decision's.
struct GrantEntry {
  std::string name;
  model::Effect effect = model::Effect::kAllow;
  model::PrivilegeSet privileges;  // as written
  std::optional<int> depth;        // absent: by Everyone
  model::Window window;
  /// Null: no credential. Shared by all whom the Grant matches.
  std::shared_ptr<const Slot> slot;
};

/// One Connection for one caller.
struct Binding {
  std::shared_ptr<const ConnectionFacts> facts;
  bool owner = false;   // the caller is the owner, or in the owning group
  bool shared = false;  // the sharing mode includes the caller
  std::vector<GrantEntry> grants;  // sorted by name, one each
};

/// Whether the gate lets this service account carry the connection.
bool GateAdmits(const ConnectionFacts& facts, const model::ObjectRef& account);

/// Puts `from` (the same Connection by another of the caller's documents) into
/// `into`: nearest depth, any ownership, sharing or Deny.
void Merge(Binding& into, const Binding& from);

}  // namespace claviger::access

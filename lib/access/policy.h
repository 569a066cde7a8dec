// SPDX-License-Identifier: Apache-2.0
//
// A principal's Vault policy and auth role, as JSON made by a serializer from
// checked names: literal paths only, no glob, no deny and no template; its
// personal slots by the uids of account and connection (ADR 18). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/result.h"
#include "model/group.h"

namespace claviger::access {

/// Where things are in Vault, from the operator's configuration.
struct VaultLayout {
  std::string cluster;                   // part of every name
  std::string mount = "claviger";        // our KV v2 mount
  std::string auth_kind = "kubernetes";  // or "jwt": how pods log in
  std::string auth_mount = "claviger";
  std::string user_auth_mount;  // empty: users cannot log in
  std::string user_claim = "sub";
  std::vector<std::string> user_audiences;
  std::string sidecar_audience;
};

/// The policy's JSON text: own bindings (`parts` of them), `credential_paths`
/// (as opened_path.h writes them; for personal slots their data, and their
/// metadata to be read and removed), token and lease self-service;
/// everyone.sa's also where changes are told (push_document.h).
/// kInvalidArgument where a path is not made of checked segments.
Result<std::string> PolicyText(
    const VaultLayout& layout, const Principal& principal, int parts,
    const std::vector<std::string>& credential_paths);

/// The policies its login carries: its own, and its kind's everyone policy.
std::vector<std::string> TokenPolicies(const VaultLayout& layout,
                                       const Principal& principal);

/// Whether the principal has an auth role: all but everyone.sa (every account
/// has its own).
bool HasRole(const Principal& principal);

/// The auth mount it logs in at.
std::string AuthMountOf(const VaultLayout& layout, const Principal& principal);

/// The role's JSON. `claim` is a claim group's claim, null for all others.
std::string RoleText(const VaultLayout& layout, const Principal& principal,
                     const model::Claim* claim);

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// A principal: who gets a policy, an auth role and a bindings document in
// Vault (design.md section 3), and the names of those. Names come only from
// checked Kubernetes names and hashes, so they are safe as path segments. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "model/object.h"

namespace claviger::access {

struct Principal {
  enum class Kind {
    kEveryoneServiceAccount,  // everyone.sa
    kEveryoneUser,            // everyone.user
    kServiceAccount,          // sa.<ns>.<name>
    kUser,                    // user.<first 32 hex digits of SHA-256(name)>
    kClaimGroup,              // claim.<group>
  };
  Kind kind = Kind::kServiceAccount;
  std::string ns;    // service accounts only
  std::string name;  // the account's, the user's or the group's; else empty
  auto operator<=>(const Principal&) const = default;

  static Principal ServiceAccount(std::string ns, std::string name);
  static Principal User(std::string name);
  static Principal ClaimGroup(std::string group);
  static Principal EveryoneServiceAccount();
  static Principal EveryoneUser();
};

/// The segment that names it: "sa.reports.nightly", "everyone.user".
std::string IdOf(const Principal& principal);

/// "claviger.<cluster>.<id>": its policy and its auth role.
std::string VaultNameOf(std::string_view cluster, const Principal& principal);

/// "<cluster>/bindings/<id>" in our KV mount, and its numbered parts
/// "<cluster>/bindings/<id>/<part>" (from 1) of a document over the limit.
std::string BindingsPathOf(std::string_view cluster, const Principal& principal,
                           int part = 0);

/// "<cluster>/personal": where everybody's personal slots are.
std::string PersonalRoot(std::string_view cluster);

/// What is in a uid that may be a segment of a path of ours: [0-9A-Za-z-], 1 to
/// 64 of them. The API server's uids are; files may say anything.
bool IsPlainUid(std::string_view uid);

/// "<cluster>/personal/<id>/<account uid>/<connection uid>": the slot of one
/// account on one connection, of neither's successor (ADR 18). Nothing where
/// the principal is no service account or a uid is not plain.
std::optional<std::string> PersonalPathOf(std::string_view cluster,
                                          const Principal& principal,
                                          std::string_view account_uid,
                                          std::string_view connection_uid);

}  // namespace claviger::access

// SPDX-License-Identifier: Apache-2.0
//
// What one principal should have in Vault, as the very texts that are written.
// Plain values; pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/bindings_document.h"
#include "access/bindings_entry.h"
#include "access/policy.h"
#include "access/principal.h"
#include "base/result.h"

namespace claviger::op {

struct DesiredRole {
  std::string mount;
  std::string text;
};

struct Desired {
  std::string id;
  /// Absent: whatever it is, it stays (a principal under the brake whose name
  /// is not known any more).
  std::optional<std::string> policy;
  std::optional<DesiredRole> role;  // absent: none, unless keep_role
  bool keep_role = false;
  /// Not to be created: what it would rely on is not ours. What it has is
  /// still kept as it should be, since rights must go on ending.
  bool only_if_there = false;
  std::vector<std::string> parts;  // of the bindings document
  /// Digests of the above; of what is kept, they are taken from Vault.
  access::EntryLedger ledger;

  /// Equal for equal wishes.
  std::string Digest() const;
};

/// The everyday case: everything compiled. `paths` are the credential paths
/// that the policy opens, `claim` a claim group's claim. kInvalidArgument
/// where no policy can be made of it; kTooLarge over 64 parts.
Result<Desired> MakeDesired(const access::VaultLayout& layout,
                            const access::Principal& principal,
                            const access::BindingsDocument& document,
                            const std::vector<std::string>& paths,
                            const model::Claim* claim);

/// What access::EncodeEntry gives of a part that EncodeBindings or DecodeEntry
/// gave, without parsing it again.
Result<std::string> EntryText(const access::EntryStamp& stamp,
                              const access::EntryLedger& ledger,
                              const std::string& part);

/// Only the bindings: policy and role stay as they are.
Result<Desired> KeepRights(const access::BindingsDocument& document);

}  // namespace claviger::op

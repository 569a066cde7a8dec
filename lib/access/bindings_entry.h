// SPDX-License-Identifier: Apache-2.0
//
// The Vault entry around one part of a bindings document: the operator's
// stamp (whose it is), its ledger (what it wrote beside it), and the part.
// One entry for all three, so that a principal costs three writes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace claviger::access {

/// Who wrote an entry. What bears another stamp, or none, is not ours.
struct EntryStamp {
  std::string by = "claviger";
  std::string cluster;
  int format = 1;

  bool operator==(const EntryStamp&) const = default;
};

/// What the operator wrote for the principal beside this entry.
struct EntryLedger {
  std::string policy;      // SHA-256 of the policy's text, hex
  std::string role;        // SHA-256 of the role's text; empty: no role
  std::string auth_mount;  // where that role is; empty: no role
  /// SHA-256 over all parts: the same in every part's entry, so a reader that
  /// finds two values caught a document being replaced, and reads again.
  std::string document;
  int parts = 1;

  bool operator==(const EntryLedger&) const = default;
};

struct BindingsEntry {
  EntryStamp stamp;
  EntryLedger ledger;
  std::string part;  // JSON text of one part of the document, keys sorted
};

/// The entry's data as JSON text. `part` is one text of EncodeBindings.
/// kMalformed where it is not a JSON object.
Result<std::string> EncodeEntry(const EntryStamp& stamp,
                                const EntryLedger& ledger,
                                std::string_view part);

/// Reads it back. kMalformed, naming the key, where it is not such an entry,
/// or of a format this code does not know.
Result<BindingsEntry> DecodeEntry(std::string_view json);

/// What EntryLedger::document is for these parts: in order, and as
/// EncodeBindings gave them or DecodeEntry read them, for both sort their keys.
std::string DocumentDigest(const std::vector<std::string>& parts);

}  // namespace claviger::access

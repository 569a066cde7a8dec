// SPDX-License-Identifier: Apache-2.0
//
// What must go on holding when an object is gone and nobody saw it deleted: a
// Deny, whom a Group's Denies reach, a claim on a Vault path, server-side-only.
// A short text of it is kept in the ledger; revived, it holds back and gives
// nothing. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "model/objects.h"

namespace claviger::op {

/// Knows what else the texts depend on. Refers to `objects`.
class KeepsakeMaker {
 public:
  explicit KeepsakeMaker(const model::Objects& objects);

  std::string Of(const model::Connection& connection) const;
  /// Nothing for an Allow that names no path.
  std::optional<std::string> Of(const model::Grant& grant) const;
  /// Nothing for a Group that no Deny reaches and that lies on no cycle.
  std::optional<std::string> Of(const model::Group& group) const;

 private:
  std::set<model::ObjectRef> server_side_;  // Connections
  std::set<std::string> groups_;            // that hold something back
};

/// Puts the object of `line` ("Grant/name/uid", as the inventory has it) in
/// `ns` back into `objects`, giving nothing: refused with reason Missing, and
/// under another name where its own is taken. kMalformed where the text cannot
/// be read.
Status Revive(const std::string& ns, const std::string& line,
              const std::string& keepsake, model::Objects& objects);

}  // namespace claviger::op

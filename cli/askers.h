// SPDX-License-Identifier: Apache-2.0
//
// Everyone worth asking about when the question is "who can use this": all
// service accounts and users that any object names, and one stand-in for each
// kind of caller that objects mean without naming (any account of a namespace,
// a user with a claim, anybody). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/caller.h"
#include "access/snapshot.h"

namespace claviger::cli {

struct Asker {
  enum class Kind {
    kNamed,       // really called so
    kNamespace,   // any service account of a namespace
    kClaim,       // any user whose token has a claim
    kAnyAccount,  // any service account
    kAnyUser,     // any user
  };
  Kind kind = Kind::kNamed;
  access::Caller caller;
  /// "sa/reports/nightly", "any service account of reports", ...
  std::string label;
};

/// In this order: stand-ins, widest first, then the named ones, sorted.
std::vector<Asker> AskersOf(const access::Snapshot& snapshot);

/// The carrier to ask with: a service account itself; for a user the first pod
/// that the connection's workload gate lets in, if there is a gate.
std::optional<model::ObjectRef> CarrierFor(const access::Caller& caller,
                                           const model::Connection& connection);

}  // namespace claviger::cli

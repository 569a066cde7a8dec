// SPDX-License-Identifier: Apache-2.0
//
// What one pass of the reconciler did and found. Plain values; the texts in it
// hold names and reasons, never a secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "access/snapshot.h"
#include "base/result.h"
#include "base/time.h"
#include "model/object.h"

namespace claviger::op {

enum class Action { kCreate, kUpdate, kDelete };
std::string_view ToString(Action action);  // "create", "update", "delete"

enum class Kind { kPolicy, kRole, kBindings, kLedger, kPersonal };
std::string_view ToString(Kind kind);  // "policy", "role", ...

/// One thing written in Vault.
struct Change {
  Action action = Action::kUpdate;
  Kind kind = Kind::kPolicy;
  std::string name;    // a policy's or role's name, an entry's path
  bool drift = false;  // somebody had changed it behind our back
};

/// Something under one of our names that is not ours. Left alone, and so is
/// its principal.
struct Conflict {
  std::string principal;  // "sa.reports.nightly"
  std::string what;       // what was found, where
  std::string fix;
};

/// A namespace too many of whose objects are gone: nothing of it is deleted
/// until somebody confirms.
struct Brake {
  std::string ns;  // "_cluster" for Groups, "_all" for an empty read
  size_t gone = 0;
  size_t known = 0;
  std::string confirmation;           // what safety.confirmMassDelete must be
  std::vector<std::string> examples;  // some of what is gone
};

/// A principal that could not be brought to what it should be.
struct Failure {
  std::string principal;
  Error error;
  bool permanent = false;  // nothing to try again until the objects change
};

/// The objects that a pass was about, as they were judged.
struct Judged {
  /// Null where the pass did not get as far. Of a part of the objects, it says
  /// nothing right about the others.
  std::shared_ptr<const access::Snapshot> snapshot;
  /// All objects but these Connections with their Grants; or, where not
  /// `whole`, only these.
  bool whole = true;
  /// Whether what was deleted before is told from the others: not before the
  /// ledger was read once.
  bool knows_ended = true;
  std::set<model::ObjectRef> connections;
  /// Of a part: whom it was about.
  std::set<access::Principal> principals = {};

  bool Covers(const model::ObjectRef& connection) const {
    return whole != (connections.count(connection) > 0);
  }
};

/// `changes` are of one pass; the rest is how things stand after it.
struct PassReport {
  Judged judged;
  std::vector<Change> changes;  // in the order they were made
  size_t principals = 0;        // that should have something in Vault
  std::vector<Conflict> conflicts;
  std::vector<Brake> brakes;
  /// By namespace, what is gone though nobody saw it deleted: it gives nothing
  /// any more, and what it held back is held back until that is confirmed.
  std::vector<Brake> missing;
  std::vector<Failure> failures;
  /// What is wrong with the objects: of the read, and of the rules.
  std::vector<model::Problem> problems;
  /// The read was incomplete; the last good objects stay in force.
  bool incomplete_read = false;
  /// It made way for something newer: the rest is still to be done.
  bool unfinished = false;
  /// Policies and roles that their entries vouch for were not compared yet, or
  /// personal slots of those who ended are still there: Continue does so.
  bool put_off = false;
  /// Why names in Vault cannot be listed: each is read before it is written.
  std::optional<Error> unlisted;
  /// Why personal slots of those who ended cannot be removed.
  std::optional<Error> unswept;
  /// Why the pass ended early (Vault away): the rest is still to be done.
  std::optional<Error> interrupted;
  /// When a window opens or closes next.
  std::optional<Time> next_transition;
  /// How many passes have written to this Vault; only a Vault out of a backup
  /// says less than was reported once.
  int64_t epoch = 0;

  size_t writes() const { return changes.size(); }
  /// Something did not work that may work when tried again.
  bool retry() const;
  /// Everything is as the objects say, as far as it may be.
  bool settled() const { return !retry() && !incomplete_read && !unfinished; }
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// From objects to Vault: each principal's policy, auth role and bindings are
// brought to what lib/access compiles. Level-based: a pass may be cut off at
// any call and done again. What is known about Vault is kept in memory, so
// that a pass that changes nothing makes no call at all. An edit compiles and
// writes only whom it concerns (access/object_index.h), and goes ahead of a
// pass under way. Used by one thread at a time; blocking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "access/object_index.h"
#include "access/policy.h"
#include "access/snapshot.h"
#include "base/time.h"
#include "model/objects.h"
#include "operator/pass_report.h"
#include "operator/store.h"

namespace claviger::op {

/// The mass-delete brake: trips when more than `percent` percent and more than
/// `min` of a namespace's objects are gone from one read to the next.
struct Safety {
  int percent = 10;
  int min = 10;
  /// Confirmation codes of brakes that may let go, separated by commas.
  std::string confirm;
};

struct ReconcilerSettings {
  access::VaultLayout layout;
  access::SnapshotSettings snapshot;
  Safety safety;
  /// Service accounts that are principals although no object names them.
  std::vector<model::ObjectRef> extra_accounts;
  /// How many principals are written at a time; over 1 the Store must be
  /// thread-safe.
  int writers = 1;
  /// From how many on that were not looked at yet, Vault's names are listed
  /// instead of read one by one, and what entries vouch for is put off
  /// (PassReport::put_off).
  size_t many = 100;
  /// PassReport::epoch as it was noted last outside of Vault; 0: never.
  int64_t known_epoch = 0;
};

class Reconciler {
 public:
  /// `store` outlives this object. Nothing is called yet.
  Reconciler(ReconcilerSettings settings, Store& store);
  ~Reconciler();

  /// Asked between two principals, on any thread: true ends the pass under way
  /// (PassReport::unfinished), because something newer goes ahead.
  void YieldTo(std::function<bool()> newer);

  /// Makes `objects` what is wanted, and Vault what they say at `now`. An
  /// incomplete read changes nothing that is wanted. Never fails as a whole:
  /// the report says what did not work.
  PassReport Pass(access::SharedObjects objects, Time now);
  PassReport Pass(model::Objects objects, Time now) {
    return Pass(access::Share(std::move(objects)), now);
  }

  /// The same where only these differ from the last objects: looks at whom
  /// they concern, and at everyone only where it must. Does nothing before the
  /// first Pass.
  PassReport Edit(const access::Edits& edits, Time now);

  /// The same with the objects of the last Pass: after a window opened or
  /// closed, a failure, Suspect, or an unfinished pass. Does nothing before
  /// the first Pass.
  PassReport Continue(Time now);

  /// The next pass reads the next `count` principals (round robin) again
  /// instead of relying on what it knows, and restores what was changed by
  /// hand. Also reads conflicts again. True when the round is complete.
  bool Suspect(size_t count);

  /// How many principals it knows to be in Vault.
  size_t known() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// What is written down of the objects, and what of it must hold on without
// them: the inventories in Vault, the mass-delete brake and what it keeps, what
// is missing without a deletion, tombstones. Used by one thread; blocking.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access/object_index.h"
#include "base/result.h"
#include "base/time.h"
#include "model/objects.h"
#include "operator/absence.h"
#include "operator/held.h"
#include "operator/inventory.h"
#include "operator/reconciler.h"
#include "operator/store.h"

namespace claviger::op {

class Safekeeping {
 public:
  /// Both outlive this object.
  Safekeeping(const ReconcilerSettings& settings, Store& store);

  /// Reads what is written down anew; true where it is not what it was.
  Result<bool> Load();

  /// Whether it was ever read: before, nobody knows what was deleted.
  bool loaded() const { return inventories_.loaded(); }
  /// What is written down, as of the last Load or Save.
  const Inventories& known() const { return inventories_.known(); }
  /// What is written down is out of a backup that is older than the objects,
  /// until it is saved: JudgeAbsence.
  void DoubtKnown() { known_is_older_ = true; }

  /// Compares `objects` with what is written down. Where the brake is on, reads
  /// what must be kept of `ids`; held() is another one then.
  Status Judge(const model::Objects& objects,
               const std::vector<std::string>& ids, Time now);
  /// Writes down what Judge found, and adds it to `changes`.
  Status Save(std::vector<Change>& changes);
  /// Puts into `objects` what holds on without its object, and refuses what
  /// came back from a backup.
  void ApplyTo(model::Objects& objects) const;

  /// Judges and saves what `edits` changed in `index`; `slice` holds at least
  /// the edited Connections with their Grants. False where that needs all
  /// objects: then nothing is done.
  Result<bool> JudgeEdits(const access::Edits& edits,
                          const access::ObjectIndex& index,
                          const model::Objects& slice, Time now,
                          std::vector<Change>& changes);

  /// Nothing is held back, and nothing is missing.
  bool IsHealthy() const;
  const Verdict& verdict() const { return verdict_; }
  const std::vector<Brake>& missing() const { return missing_; }
  /// Null without a brake.
  const Held* held() const { return held_.get(); }

 private:
  Status Hold(Verdict verdict, const std::vector<model::Ended>& ended,
              const std::vector<std::string>& ids, Time now);
  Status Put(const Inventories& wanted, std::vector<Change>& changes);
  bool IsWrittenDown(const access::Edits& edits,
                     const model::Objects& slice) const;

  const ReconcilerSettings& settings_;
  Store& store_;
  InventoryLedger inventories_;
  Inventories judged_;  // to be saved
  bool known_is_older_ = false;
  Verdict verdict_;
  std::vector<Brake> missing_;
  std::unique_ptr<Held> held_;
  std::vector<model::Ended> held_without_;  // what was left out of held_
};

}  // namespace claviger::op

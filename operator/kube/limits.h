// SPDX-License-Identifier: Apache-2.0
//
// What gives less than it says because there is no room (BudgetExceeded) or it
// may not be open to everyone (SharingNotAllowed): the condition Limited. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "access/snapshot.h"
#include "operator/kube/counts.h"
#include "operator/kube/object_status.h"

namespace claviger::op {

class Limits {
 public:
  /// Both outlive this object.
  Limits(const access::Snapshot& snapshot, const OverBudget& over_budget);

  /// Adds what limits a Connection's ownership and sharing, or a Grant, and the
  /// count `overBudget`. Nothing where nothing does.
  void AddTo(const model::Connection& connection, ObjectStatus& status) const;
  void AddTo(const model::Grant& grant, ObjectStatus& status) const;

  /// The condition Ready of a Grant that gives nobody anything for that; not
  /// of one to Groups, of which others may be members.
  std::optional<Condition> NothingGiven(const model::Grant& grant) const;

 private:
  struct Short {
    int64_t principals = 0;
    const access::Principal* first = nullptr;
  };

  void Add(const access::SourceName& source, ObjectStatus& status) const;
  const model::Refusal* ClosedOf(const access::SourceName& source) const;
  const Short* ShortOf(const access::SourceName& source) const;
  std::string MessageOf(const model::Refusal* closed, const Short* over) const;

  std::map<access::SourceName, const model::Refusal*> closed_;
  std::map<access::SourceName, Short> over_;
};

/// The conditions that an Event tells of: Ready where that changed, else what
/// limits; null where neither did.
const Condition* ChangeToTell(const ObjectStatus& before,
                              const ObjectStatus& after);

}  // namespace claviger::op

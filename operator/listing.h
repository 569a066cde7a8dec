// SPDX-License-Identifier: Apache-2.0
//
// Which of the cluster's names there are in Vault, read by a few lists instead
// of three reads for each principal: what is not there need not be looked at
// before it is written, and what is there can be compared later. Good for the
// pass that read it; docs/adr/0017. Immutable.
#pragma once

#include <string>
#include <unordered_set>

#include "access/policy.h"
#include "base/result.h"
#include "operator/desired.h"
#include "operator/store.h"

namespace claviger::op {

class Listing {
 public:
  /// Blocking; the Store's errors. kPermissionDenied where the operator may
  /// not list, kTooLarge where there is too much.
  static Result<Listing> Read(Store& store, const access::VaultLayout& layout);

  /// Nothing at all has that principal's names.
  bool HasNothing(const Desired& desired) const;
  /// The policy and the role that are wanted are there, whatever they say.
  bool HasRights(const Desired& desired) const;

 private:
  using Ids = std::unordered_set<std::string>;

  std::string RoleKey(const Desired& desired) const;

  Ids entries_;
  Ids policies_;
  Ids roles_;  // "mount/id"
};

}  // namespace claviger::op

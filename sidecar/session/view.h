// SPDX-License-Identifier: Apache-2.0
//
// What one caller may do, as its bindings documents in Vault say it: the input
// of every decision of this sidecar. Immutable once made, shared between
// threads; a change makes a new one. No secret is in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/binding.h"
#include "access/caller.h"
#include "model/object.h"

namespace claviger::sidecar {

struct View {
  access::Caller caller;
  /// This pod's service account: who carries the call.
  model::ObjectRef carrier;
  /// The uid under which the carrier keeps its own credentials; empty for end
  /// users, and where Vault opens it no such place.
  std::string account_uid = {};
  /// Vault opens such a place, but to an account of the same name and another
  /// uid than the pod's token has.
  bool account_differs = false;
  std::vector<access::Binding> bindings;  // sorted by namespace, name
  /// Grows with every change of what is above.
  int64_t generation = 0;
};

/// Null: Vault has not yet said anything about this caller.
using ViewPtr = std::shared_ptr<const View>;

}  // namespace claviger::sidecar

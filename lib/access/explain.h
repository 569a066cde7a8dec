// SPDX-License-Identifier: Apache-2.0
//
// The whole answer to "who may use this, with which credential, and why", from
// the objects (command line) or from a merged binding (sidecar), and its JSON
// form (design.md section 7). Pure.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "access/caller.h"
#include "access/decision.h"
#include "access/snapshot.h"

namespace claviger::access {

/// A decision with everything it points to kept alive. Move-only.
struct Explanation {
  model::ObjectRef connection;
  Caller caller;
  Delivery delivery = Delivery::kInject;
  // On the heap, because Decision::vault points into it.
  std::unique_ptr<const Binding> binding;
  Decision decision;
  std::vector<Step> steps;
};

/// Decides from the objects, with the membership step in front.
Explanation Explain(const Snapshot& snapshot, const Caller& caller,
                    const model::ObjectRef& connection,
                    const Question& question, Time now);

/// Decides from a binding of the caller's documents (null: not in them).
Explanation Explain(const Binding* binding, const Caller& caller,
                    const model::ObjectRef& connection,
                    const Question& question, Time now);

/// Exactly the object of design.md section 7, keys in that order.
nlohmann::ordered_json ToJson(const Explanation& explanation);

/// A Vault reference as the answer shows it: {"engine","mount","path"|"role",
/// "version"?,"keys"?}.
nlohmann::ordered_json ToJson(const model::VaultRef& ref);

}  // namespace claviger::access

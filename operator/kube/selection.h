// SPDX-License-Identifier: Apache-2.0
//
// Which of the objects that the API server shows are in force: one that was
// never protected by our finalizer is not yet, one whose deletion was seen is
// not any more. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/object_index.h"
#include "model/objects.h"
#include "operator/kube/object_store.h"

namespace claviger::op {

struct Selection {
  /// What to compile. Ended objects are named in `ended`, so that their
  /// absence is explained.
  access::SharedObjects objects;
  /// Without our finalizer and not ending: to be protected.
  std::vector<ObjectId> unprotected;
  /// Ending, with our finalizer, and out of `objects`: to be released once
  /// Vault follows.
  std::vector<ObjectId> ending;
  /// All that are ending and out of `objects`.
  std::vector<ObjectId> ended;
  /// Connections that stay in force because Grants still name them
  /// (deletionPolicy Block), with the names of those Grants.
  std::map<model::ObjectRef, std::vector<std::string>> blocked;
};

/// Everything that is not about to go, protected or not: what the webhook
/// judges by. A Connection stays until it is gone: its owner still decides
/// about the Grants that keep it from going. What the leader's status calls
/// Restored is refused so (a Grant is inert): only the leader knows what was
/// deleted before.
model::Objects Everything(const ObjectStore& store);

/// `in_force`: uids of objects that were selected before. Losing the finalizer
/// by hand does not put those out of force: for a Deny that would give access.
Selection Select(const ObjectStore& store,
                 const std::set<std::string>& in_force);

/// What Select would make different after news, where that is about single
/// objects: `objects` holds those that are new or changed and Grants that are
/// ending, the rest only what of these is to be done. Nothing: Select anew.
std::optional<Selection> SelectNews(const ObjectStore& store,
                                    const std::set<ObjectId>& news,
                                    const Selection& before,
                                    const std::set<std::string>& in_force);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// Keeps the document in Vault that says where the leader tells of changes.
// Writes only what differs from what was written last. One thread at a time;
// blocks as the Store does.
#pragma once

#include <optional>
#include <string>

#include "access/push_document.h"
#include "base/result.h"
#include "operator/store.h"

namespace claviger::op::push {

class Publication {
 public:
  explicit Publication(std::string cluster) : cluster_(std::move(cluster)) {}

  /// Makes the document in Vault `document`, unless this object did before.
  /// The Store's errors; to be tried again.
  Status Keep(Store& store, const access::PushDocument& document);

 private:
  const std::string cluster_;
  std::optional<access::PushDocument> kept_;
};

}  // namespace claviger::op::push

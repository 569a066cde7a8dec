// SPDX-License-Identifier: Apache-2.0
//
// Pending revocations in a ConfigMap of the operator's own namespace: names
// and uids of objects that are gone, never a secret. The whole text is replaced
// at each write, and only over what was read. Used by one thread; blocking.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kube/client.h"
#include "operator/endings.h"

namespace claviger::op {

class RevocationsMap final : public PendingRevocations {
 public:
  /// `client` outlives this object. `may_write` is asked before each write:
  /// false ends it (kUnavailable), as when leadership was lost.
  RevocationsMap(const kube::Client& client, kube::ObjectName name,
                 std::function<bool()> may_write);

  Result<std::vector<model::Ended>> Load() override;
  Status Save(const std::vector<model::Ended>& endings) override;

 private:
  const kube::Client& client_;
  const kube::ObjectName name_;
  const std::function<bool()> may_write_;
  std::string version_;  // empty: there is none
};

}  // namespace claviger::op

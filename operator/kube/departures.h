// SPDX-License-Identifier: Apache-2.0
//
// Which ending objects may go although Vault is away: those of a namespace
// under deletion, which must always finish, once what they gave is written down
// as still to be revoked (operator/endings.h). Used by the reconciling thread;
// blocking.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "kube/client.h"
#include "operator/endings.h"
#include "operator/kube/object_store.h"
#include "operator/pass_report.h"

namespace claviger::op {

class Departures {
 public:
  /// All references outlive this object.
  struct Ports {
    const kube::Client& client;
    const ObjectStore& store;
    PendingRevocations& pending;
    const Clock& clock;
    Logger& log;
  };

  /// Vault has to be away for `patience` first.
  Departures(const Ports& ports, std::chrono::milliseconds patience);

  /// Endings::AddTo.
  Status AddTo(std::vector<model::Ended>& ended) {
    return endings_.AddTo(ended);
  }

  /// After a pass: those of `ending` that need not wait for Vault.
  std::vector<ObjectId> After(const PassReport& report,
                              const std::vector<ObjectId>& ending);

 private:
  std::vector<model::Ended> OfEndingNamespaces(
      const std::vector<ObjectId>& ending);
  bool IsEnding(const std::string& ns);
  void Report(const Status& done);

  const Ports ports_;
  Endings endings_;
  std::set<std::string> ending_namespaces_;  // while Vault is away
  std::string complaint_;
};

/// What the end of that object is, as the reconciler takes it.
model::Ended EndOf(const ObjectId& id, const SeenObject& seen);

}  // namespace claviger::op

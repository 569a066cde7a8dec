// SPDX-License-Identifier: Apache-2.0
//
// A Lease object (coordination.k8s.io) as a value, read and written by
// compare-and-set on its resourceVersion. As thread-safe as the client; blocks
// as its calls do. The election that uses it: lease_lock.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "kube/client.h"

namespace claviger::kube {

struct Lease {
  std::string holder;  // empty: given up
  std::chrono::seconds duration{15};
  std::optional<Time> acquired;
  std::optional<Time> renewed;
  int64_t transitions = 0;
  std::string resource_version;
  /// What its holder says beside, in annotations under claviger.io/, by their
  /// names without that. Read: all of them; written: these, an empty text
  /// takes one away, and the others stay.
  std::map<std::string, std::string> notes = {};
};

/// kNotFound.
Result<Lease> GetLease(const Client& client, const ObjectName& name);

/// The lease as stored. kConflict when there is one already.
Result<Lease> CreateLease(const Client& client, const ObjectName& name,
                          const Lease& lease);

/// Writes over the version `lease` was read at. kConflict when somebody else
/// wrote meanwhile, kNotFound. What others put into its metadata stays.
Result<Lease> UpdateLease(const Client& client, const ObjectName& name,
                          const Lease& lease);

}  // namespace claviger::kube

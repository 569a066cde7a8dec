// SPDX-License-Identifier: Apache-2.0
//
// The claim on a cluster's name: written once, by compare-and-set, so that a
// second cluster of the same name refuses to start instead of taking the
// first one's access away. Stateless; blocking.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "operator/store.h"

namespace claviger::op {

/// Claims `cluster` for `identity` (the uid of kube-system, or what the
/// configuration gives), or finds that it already is. kConflict where another
/// identity holds it, with what to do; the Store's errors.
Status ClaimCluster(Store& store, std::string_view cluster,
                    const std::string& identity);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// What lies in the etcd behind a real API server: to put an object back as a
// restored backup does, or one that no API server would take. By etcd's JSON
// gateway. Stateless; blocking.
#pragma once

#include <string>

#include "base/result.h"
#include "support/real_servers.h"

namespace claviger::testing {

/// The stored text of the object at "claviger.io/grants/sales/nightly".
Result<std::string> ReadEtcd(RealKubeApiServer& kube, const std::string& path);
Status WriteEtcd(RealKubeApiServer& kube, const std::string& path,
                 const std::string& text);

}  // namespace claviger::testing

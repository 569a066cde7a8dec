// SPDX-License-Identifier: Apache-2.0
//
// The Transport of a real API server, on cpprestsdk (docs/adr/0003). TLS 1.2 or
// newer by the cluster's own authorities only; no redirects; deadlines of our
// own; bodies bounded as they arrive. Thread-safe; calls under way share a pool
// of connections, so the leader election makes a transport of its own.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "kube/cluster.h"
#include "kube/transport.h"

namespace claviger::kube {

/// The first call of a process starts the library's threads. kInvalidArgument
/// when the cluster's address is not https, its authorities or client
/// certificate cannot be read, or there is no way to log in. `clock` must
/// outlive the transport. Connects only on the first call.
Result<std::unique_ptr<Transport>> MakeCpprestTransport(Cluster cluster,
                                                        const Clock& clock);

/// For tests of what may arrive: plain http, no login, to a server that
/// misbehaves.
std::unique_ptr<Transport> MakePlainTransportForTest(const std::string& url,
                                                     const Clock& clock);

}  // namespace claviger::kube

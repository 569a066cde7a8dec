// SPDX-License-Identifier: Apache-2.0
//
// The connections that a pod names: their variables, and whether they may have
// files. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "access/snapshot.h"
#include "base/time.h"
#include "providers/file_formats.h"

namespace claviger::op::inject {

/// By name: CLAVIGER_SALES__WAREHOUSE_HOST, _PORT, _URL, as far as the endpoint
/// has them. A server-side-only connection has none: nobody but the sidecar
/// connects to it. Absent: it is unknown, or the account does not see it.
using Variables = std::map<std::string, std::string>;
std::optional<Variables> VariablesOf(const access::Snapshot& snapshot,
                                     const model::ObjectRef& connection,
                                     const model::ObjectRef& account, Time now);

/// Why the account's sidecar may not write that file now, and the fix: the
/// secret may not be disclosed to it, or the format does not fit. None for what
/// may still come, as a credential.
std::optional<std::string> FindFileRefusal(const access::Snapshot& snapshot,
                                           const providers::FileWish& wish,
                                           const model::ObjectRef& account,
                                           Time now);

}  // namespace claviger::op::inject

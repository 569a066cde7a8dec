// SPDX-License-Identifier: Apache-2.0
//
// The connections that a pod names: their variables, what the sidecar listens
// with for them, and whether they may have files. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "access/snapshot.h"
#include "base/time.h"
#include "providers/file_formats.h"
#include "providers/listeners.h"

namespace claviger::op::inject {

/// By name: CLAVIGER_SALES__WAREHOUSE_HOST, _PORT, _URL, as far as the endpoint
/// has them. A server-side-only connection has none of these: nobody but the
/// sidecar connects to it. Absent: it is unknown, or the account does not see
/// it.
using Variables = std::map<std::string, std::string>;
std::optional<Variables> VariablesOf(const access::Snapshot& snapshot,
                                     const model::ObjectRef& connection,
                                     const model::ObjectRef& account, Time now);

/// What the account's sidecar speaks for a connection whose secret never leaves
/// it; none: it is another one, the account does not see it, or the sidecar
/// cannot speak for its provider.
std::optional<providers::Protocol> ProtocolFor(
    const access::Snapshot& snapshot, const model::ObjectRef& connection,
    const model::ObjectRef& account, Time now);

/// The variables that lead to such a listener: _SOCKET of HTTP; _HOST and _PORT
/// of PostgreSQL, whose clients take a socket's directory for a host. A port
/// adds _URL, and to PostgreSQL _PASSFILE; it changes none of the others.
Variables VariablesOf(const providers::ListenWish& listener);

/// Why the account's sidecar may not write that file now, and the fix: the
/// secret may not be disclosed to it, or the format does not fit. None for what
/// may still come, as a credential.
std::optional<std::string> FindFileRefusal(const access::Snapshot& snapshot,
                                           const providers::FileWish& wish,
                                           const model::ObjectRef& account,
                                           Time now);

}  // namespace claviger::op::inject

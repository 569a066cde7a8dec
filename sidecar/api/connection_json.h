// SPDX-License-Identifier: Apache-2.0
//
// What a caller is shown of a connection: where it is, how it may be used, and
// which slot would be. No secret, and nothing about others. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "access/binding.h"
#include "base/time.h"
#include "sidecar/api/partition.h"
#include "sidecar/personal/slots.h"
#include "sidecar/proxy/open_listener.h"
#include "sidecar/session/view.h"

namespace claviger::sidecar {

/// One connection of `view` for its caller at `now`; null JSON where it is not
/// visible. `own` is what is known of the caller's own credential; `brief`
/// leaves the endpoint out.
nlohmann::ordered_json ConnectionJson(const View& view,
                                      const access::Binding& binding,
                                      const std::optional<std::string>& slot,
                                      const PersonalState& own, Time now,
                                      const CachePartitions& partitions,
                                      bool brief);

/// What the fields of an endpoint are called in answers and files.
nlohmann::ordered_json EndpointJson(const model::Endpoint& endpoint);

/// RFC 3339, or null.
nlohmann::ordered_json TimeJson(const std::optional<Time>& time);

/// Puts where the connection is listened for into its JSON, as `listeners`.
void AddListeners(const std::vector<proxy::OpenListener>& listeners,
                  const model::ObjectRef& connection,
                  nlohmann::ordered_json& json);

}  // namespace claviger::sidecar

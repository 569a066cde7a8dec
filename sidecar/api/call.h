// SPDX-License-Identifier: Apache-2.0
//
// A request of the local API, understood: which route, which connection, which
// query. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "access/decision.h"
#include "http/server.h"
#include "model/object.h"
#include "sidecar/api/problem.h"
#include "sidecar/metrics.h"

namespace claviger::sidecar {

struct Call {
  Route route = Route::kOther;
  std::string method;           // of the table of routes
  model::ObjectRef connection;  // routes below /v1/connections/{ns}/{name}
  /// False where the path's names cannot be a connection's at all.
  bool possible = true;
  std::optional<std::string> slot;                       // ?slot=
  access::Delivery deliver = access::Delivery::kInject;  // ?deliver=
};

/// The route is right in `call` even where the answer is a problem.
std::optional<Problem> ParseCall(const http::ServerRequest& request,
                                 Call& call);

}  // namespace claviger::sidecar

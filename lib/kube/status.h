// SPDX-License-Identifier: Apache-2.0
//
// The one place where an answer of the API server becomes a success or an
// Error. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/transport.h"

namespace claviger::kube {

/// What the API server says about a failure (meta/v1 Status).
struct ApiStatus {
  bool from_server = false;  // it is one, not a proxy's page
  int code = 0;
  std::string reason;              // "NotFound", letters only
  bool too_large_version = false;  // the version asked for is in its future
  std::optional<std::chrono::seconds> retry_after;
};
ApiStatus ReadApiStatus(std::string_view json);

/// The error that a Status with this code stands for. `doing` names verb and
/// object: "get grants sales/reports". The server's words are not quoted.
Error ErrorOf(std::string_view doing, int code, const ApiStatus& status);

/// Nothing for 2xx; otherwise the Error. 404 is kNotFound only where the API
/// server itself says that this object is absent; a kind that it does not
/// serve is kUnsupported.
Status Judge(std::string_view doing, const Response& response);

/// True for 410 and for a version from the future (after a restore of etcd):
/// only a new list helps.
bool IsExpired(int code, const ApiStatus& status);

}  // namespace claviger::kube

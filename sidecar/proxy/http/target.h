// SPDX-License-Identifier: Apache-2.0
//
// Where a request may go: the endpoint of a Connection taken apart, and the
// request's method and path held against it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/connection.h"
#include "model/object.h"
#include "sidecar/api/problem.h"

namespace claviger::sidecar::proxy {

/// "https://api.corp:8443/base" in its parts.
struct Origin {
  bool tls = true;
  std::string host;  // without brackets
  uint16_t port = 443;
  std::string authority;  // for Host: "api.corp:8443", "[::1]"
  std::string base;       // "/base", "" for none; never ends in a slash
};
/// kInvalidArgument where it is no http or https URL with a host.
Result<Origin> ParseOrigin(std::string_view url);

/// The path and query that the server gets: the base, then the request's. No
/// segment is "." or "..", however it is spelt, where that could lead out of
/// what is allowed.
struct Aimed {
  std::string path;
  std::string query;  // without its question mark
};
/// TargetNotAllowed, or InvalidRequest where the path could be read in two
/// ways. `target` is "/path?query" or "*".
std::optional<Problem> Aim(const model::Endpoint& endpoint,
                           const Origin& origin, std::string_view method,
                           std::string_view target, Aimed& aimed);

/// The connection and the rest ("/path?query") of a target of the local API,
/// "/v1/connections/{ns}/{name}/http/{path...}". None: it is no such target.
struct ApiTarget {
  model::ObjectRef connection;
  std::string_view rest;  // "" stands for "/"
};
std::optional<ApiTarget> ParseApiTarget(std::string_view target);

/// Whether a path, decoded, is below the connection's base and one of its
/// prefixes, and has no segment "." or "..".
bool IsWithin(const model::Endpoint& endpoint, const Origin& origin,
              std::string_view path);

/// `query` without the parameters of that name, however it is spelt.
std::string WithoutParameter(std::string_view query, std::string_view name);
/// As a value in a query: everything but unreserved characters is escaped.
std::string PercentEncode(std::string_view text);
/// As it stands where it cannot be decoded.
std::string PercentDecoded(std::string_view text);

}  // namespace claviger::sidecar::proxy

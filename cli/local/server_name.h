// SPDX-License-Identifier: Apache-2.0
//
// Which server is meant, by a URL or by a connection: a credential is only
// given for the server that its connection names. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/local/local_api.h"

namespace claviger::cli {

struct ServerName {
  std::string scheme;  // "https", lower case
  std::string host;    // lower case
  std::string port;    // never empty: the scheme's own where none was said
  bool operator==(const ServerName&) const = default;
};

/// "https://git.corp:8443/x", "registry.corp:5000" (https). Absent: not one.
std::optional<ServerName> ParseServerName(std::string_view text);

/// By its URL, or its host and port as https.
std::optional<ServerName> ServerOf(const LocalConnection& connection);

}  // namespace claviger::cli

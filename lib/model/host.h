// SPDX-License-Identifier: Apache-2.0
//
// The syntax of hosts, ports, base URLs and certificates in an endpoint.
// Stricter than the standards: what two readers could take differently is
// refused. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace claviger::model {

/// A lower-case DNS name, or an IPv4 or IPv6 address as it is usually written
/// (an all-numeric name that is no address is not a host).
bool IsHost(std::string_view text);

/// "host", "host:port" or "[IPv6]:port".
bool IsHostWithPort(std::string_view text);

/// The path of a URL: begins with a slash, its segments are not empty (the last
/// may be) and hold no "..", percent sign or other character with a meaning.
bool IsUrlPath(std::string_view text);

/// What is wrong with an absolute http or https URL without user information,
/// query and fragment. Nothing if it is fine.
std::optional<std::string> FindUrlFault(std::string_view url);
/// True for "https://".
bool IsHttps(std::string_view url);

/// What is wrong with one or more PEM certificates.
std::optional<std::string> FindPemFault(std::string_view pem);

}  // namespace claviger::model

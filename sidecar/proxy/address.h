// SPDX-License-Identifier: Apache-2.0
//
// Which addresses the sidecar connects to on an application's behalf. Whoever
// writes a Connection chooses the host, and whoever answers for its name
// chooses the address: neither may reach what is near the pod (its own
// loopback, the node's metadata service, the API server). Judged is the
// address that is connected to, never the name. Pure; thread-safe once made.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace claviger::sidecar::proxy {

/// An IPv4 or IPv6 address; a v4-mapped v6 address is the v4 one.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // v4: the first four
  bool v4 = true;

  auto operator<=>(const IpAddress&) const = default;
};

/// As it is usually written ("10.0.0.1", "2001:db8::1"), and nothing else: no
/// zone, no number in other bases.
std::optional<IpAddress> ParseIpAddress(std::string_view text);
std::string ToString(const IpAddress& address);

/// "10.0.0.0/8", or one address.
struct AddressRange {
  IpAddress base;
  int bits = 32;

  bool Contains(const IpAddress& address) const;
};
/// kInvalidArgument where the text is none.
Result<AddressRange> ParseAddressRange(std::string_view text);

/// What the sidecar's configuration says. `refused` beats `allowed`, which
/// beats the kinds that are refused by themselves.
struct AddressRules {
  std::vector<AddressRange> allowed;
  std::vector<AddressRange> refused;  // the API server's, above all
};

/// Nothing where `address` may be connected to, else why not: "loopback",
/// "link-local", "unspecified", "multicast", "reserved", "refused by the
/// configuration".
std::optional<std::string_view> FindAddressFault(const IpAddress& address,
                                                 const AddressRules& rules);

}  // namespace claviger::sidecar::proxy

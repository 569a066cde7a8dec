// SPDX-License-Identifier: Apache-2.0
//
// Where the operator that leads tells of changes: a small document in Vault,
// which sidecars trust and can read anyway (docs/adr/0021). Written by the
// operator, read by sidecars. No secret is in it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace claviger::access {

struct PushDocument {
  std::string address;      // "10.0.3.7:9444", "[fd00::7]:9444"
  std::string server_name;  // that its certificate names
  std::string authorities;  // PEM, to trust for it and for nothing else
  bool operator==(const PushDocument&) const = default;
};

/// "<cluster>/ledger/push" in our KV mount.
std::string PushPathOf(std::string_view cluster);

/// "<host>:<port>" of an IP address; kInvalidArgument for what is none.
Result<std::string> PushAddress(std::string_view ip, uint16_t port);

/// The entry's JSON text, stamped as ours.
std::string EncodePush(std::string_view cluster, const PushDocument& document);

/// kMalformed for what is not such a document of this cluster: an address that
/// is not an IP address and a port, a name that is none, authorities over
/// 64 KiB.
Result<PushDocument> DecodePush(std::string_view cluster,
                                std::string_view text);

}  // namespace claviger::access

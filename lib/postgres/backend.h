// SPDX-License-Identifier: Apache-2.0
//
// What a server says to a client around the login: made here for clients of
// the sidecar. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace claviger::postgres {

void AppendAuthenticationOk(std::string& out);
void AppendBackendKey(std::string& out, uint32_t pid, std::string_view key);
void AppendReadyForQuery(std::string& out, char status);
/// The newest protocol spoken is 3.<minor>; these options are not known.
void AppendNegotiateVersion(std::string& out, uint32_t minor,
                            const std::vector<std::string>& options);

}  // namespace claviger::postgres

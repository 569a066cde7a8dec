// SPDX-License-Identifier: Apache-2.0
#include "postgres/backend.h"

#include "postgres/wire.h"

namespace claviger::postgres {

void AppendAuthenticationOk(std::string& out) {
  std::string body;
  AppendInt32(body, 0);
  AppendMessage(out, 'R', body);
}

void AppendBackendKey(std::string& out, uint32_t pid, std::string_view key) {
  std::string body;
  AppendInt32(body, pid);
  body.append(key);
  AppendMessage(out, 'K', body);
}

void AppendReadyForQuery(std::string& out, char status) {
  AppendMessage(out, 'Z', std::string_view(&status, 1));
}

void AppendNegotiateVersion(std::string& out, uint32_t minor,
                            const std::vector<std::string>& options) {
  constexpr uint32_t kMajor = 3;
  std::string body;
  AppendInt32(body, (kMajor << 16U) | minor);
  AppendInt32(body, static_cast<uint32_t>(options.size()));
  for (const std::string& option : options) AppendText(body, option);
  AppendMessage(out, 'v', body);
}

}  // namespace claviger::postgres

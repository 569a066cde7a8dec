// SPDX-License-Identifier: Apache-2.0
//
// What callers of the local API send before anything is known about them: a
// method and a target, or an end user's token.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/names.h"
#include "sidecar/api/call.h"
#include "sidecar/session/user_token.h"

namespace {

void ParseTarget(std::string_view text) {
  claviger::http::ServerRequest request;
  const size_t space = text.find(' ');
  request.method = text.substr(0, space);
  if (space != std::string_view::npos) request.target = text.substr(space + 1);
  claviger::sidecar::Call call;
  const auto problem = claviger::sidecar::ParseCall(request, call);
  if (problem || !call.possible) return;
  const bool named = !call.connection.name.empty();
  if (named && (!claviger::IsDnsLabel(call.connection.ns) ||
                !claviger::IsDnsSubdomain(call.connection.name))) {
    std::abort();
  }
}

void PeekToken(std::string_view text) {
  const auto token = claviger::sidecar::PeekUserToken(text, "sub");
  if (token && !claviger::IsUserName(token->user)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text[0] == 'T') {
    PeekToken(text.substr(1));
  } else {
    ParseTarget(text);
  }
  return 0;
}

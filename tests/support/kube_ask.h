// SPDX-License-Identifier: Apache-2.0
//
// An API server's answer as a test looks at it: its status, and the object or
// the refusal. Blocking; safe to call from several threads.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "support/http_call.h"

namespace claviger::testing {

inline constexpr char kMergePatch[] = "application/merge-patch+json";
inline constexpr char kStrategicPatch[] =
    "application/strategic-merge-patch+json";

struct ApiAnswer {
  int status = 0;  // 0: there was none
  nlohmann::json body;

  std::string message() const { return body.value("message", ""); }
  bool ok() const { return status >= 200 && status < 300; }
};

/// Sends what RealKubeApiServer::Prepare made. An answer that is no object is
/// its message.
ApiAnswer AskKube(HttpCall call, const nlohmann::json& body = {},
                  const std::string& content_type = "application/json");

}  // namespace claviger::testing

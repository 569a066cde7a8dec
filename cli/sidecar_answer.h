// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar beside us answers about a connection, as JSON and whatever
// its status: for the commands that show it. Blocks as LocalApi does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "cli/local/local_api.h"

namespace claviger::cli {

struct SidecarAnswer {
  int status = 0;
  nlohmann::json body;  // an object
};

/// At the sidecar's socket. LocalApi's errors; kMalformed: what answers there
/// is no sidecar.
Result<SidecarAnswer> AskSidecar(const std::string& socket,
                                 const model::ObjectRef& connection,
                                 const LocalRequest& asked);

}  // namespace claviger::cli

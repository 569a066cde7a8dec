// SPDX-License-Identifier: Apache-2.0
#include "cli/sidecar_answer.h"

#include <utility>

#include "base/json.h"

namespace claviger::cli {
namespace {

constexpr JsonLimits kLimits{size_t{256} << 10U, 16, 10'000};

}  // namespace

Result<SidecarAnswer> AskSidecar(const std::string& socket,
                                 const model::ObjectRef& connection,
                                 const LocalRequest& asked) {
  const Result<LocalApi> api = LocalApi::At(socket);
  if (!api) return Fail(api.error());
  const auto response = api->Send(connection, asked);
  if (!response) return Fail(response.error());
  Result<nlohmann::json> body = ParseJson(response->body, kLimits);
  if (!body || !body->is_object()) {
    return Fail(ErrorCode::kMalformed,
                "what answers at " + socket + " is no sidecar");
  }
  return SidecarAnswer{response->status, *std::move(body)};
}

}  // namespace claviger::cli

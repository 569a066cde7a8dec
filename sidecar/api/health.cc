// SPDX-License-Identifier: Apache-2.0
#include "sidecar/api/health.h"

#include <string>
#include <string_view>

#include "sidecar/api/problem.h"

namespace claviger::sidecar {
namespace {

http::ServerResponse Text(std::string_view type, std::string body) {
  http::ServerResponse response;
  response.headers = {{"Content-Type", std::string(type)},
                      {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

http::ServerResponse Readiness(const Standing& standing, bool settled) {
  if (standing.state == Standing::State::kServing) {
    if (!settled) {
      return ToResponse({"Starting",
                         "the files that the pod wants are not "
                         "written yet",
                         "the sidecar's log says why",
                         {},
                         1});
    }
    // Vault being away does not make the pod unready: it serves what it has.
    return Text("text/plain", standing.error ? "ok, vault is away\n" : "ok\n");
  }
  return ToResponse(NoBindings(standing.error));
}

}  // namespace

http::ServerResponse HealthAnswer(const http::ServerRequest& request,
                                  const Standing& standing, bool settled,
                                  const Metrics& metrics) {
  const std::string_view path = http::PathOf(request);
  if (path != "/healthz" && path != "/readyz" && path != "/metrics") {
    return ToResponse({"UnknownRoute", "there is no such page",
                       "use /healthz, /readyz or /metrics"});
  }
  if (request.method != "GET") {
    Problem problem{"MethodNotAllowed", "pages are read only", "use GET"};
    problem.allow = "GET";
    return ToResponse(problem);
  }
  if (path == "/healthz") return Text("text/plain", "ok\n");
  if (path == "/readyz") return Readiness(standing, settled);
  return Text("text/plain; version=0.0.4; charset=utf-8", metrics.Serialize());
}

}  // namespace claviger::sidecar

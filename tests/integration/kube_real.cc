// SPDX-License-Identifier: Apache-2.0
#include "integration/kube_real.h"

#include <string>
#include <utility>

#include "base/file.h"

namespace claviger::testing {
namespace {

constexpr int kServedRetries = 20'000;

Status Install(const RealKubeApiServer& server, const std::string& plural) {
  const auto text = ReadFile(
      std::string(CLAVIGER_CRDS) + "/" + plural + ".yaml", size_t{1} << 20U);
  if (!text) return Fail(text.error());
  HttpCall call = server.Prepare(
      "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
  std::erase_if(call.headers, [](const auto& header) {
    return header.first == "Content-Type";
  });
  call.headers.emplace_back("Content-Type", "application/yaml");
  call.body = *text;
  const auto answer = SendHttpOk(call);
  return answer ? Status{} : Fail(answer.error());
}

bool IsServed(const RealKubeApiServer& server, const std::string& plural) {
  const auto answer =
      server.Call("GET", "/apis/claviger.io/v1alpha1/" + plural + "?limit=1");
  return answer && answer->status == 200;
}

}  // namespace

kube::Cluster AdminOf(const RealKubeApiServer& server) {
  kube::Cluster cluster;
  cluster.server = server.url();
  cluster.ca_pem = server.ca_pem();
  cluster.token = Secret(std::string(server.admin_token()));
  return cluster;
}

Status InstallDefinitions(const RealKubeApiServer& server) {
  for (const char* plural : {"connections", "grants", "groups"}) {
    if (Status done = Install(server, plural); !done) return done;
  }
  for (const char* plural : {"connections", "grants", "groups"}) {
    int tries = 0;
    while (!IsServed(server, plural)) {
      if (++tries > kServedRetries) {
        return Fail(ErrorCode::kDeadlineExceeded, "the kinds are not served");
      }
    }
  }
  return {};
}

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0

#include "support/real_servers.h"

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string CachedServer(std::string_view file) {
  std::string cache = Environment("XDG_CACHE_HOME");
  if (cache.empty()) {
    cache = Environment("HOME") + "/.cache";
  }
  return cache + "/claviger/servers/current/" + std::string(file);
}

std::string RandomPassword() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : SystemRandom().Bytes(16)) {
    const auto bits = static_cast<unsigned char>(byte);
    text += kDigits[bits >> 4U];
    text += kDigits[bits & 0xFU];
  }
  return text;
}

bool RealServersRequired() {
  return Environment("CLAVIGER_REQUIRE_REAL") == "1";
}

bool MaySkip(const Error& error) {
  return error.code == ErrorCode::kUnsupported && !RealServersRequired();
}

Status ConfigureKubernetesAuth(const RealVault& vault,
                               const RealKubeApiServer& kube,
                               const std::string& mount) {
  const std::string name_space = "claviger-test";
  const std::string reviewer = "vault-reviewer";
  auto done =
      kube.CreateNamespace(name_space)
          .and_then(
              [&] { return kube.CreateServiceAccount(name_space, reviewer); })
          .and_then([&] {
            return kube.BindClusterRole("system:auth-delegator", name_space,
                                        reviewer);
          })
          .and_then([&] { return vault.EnableAuth(mount, "kubernetes"); });
  if (!done) {
    return done;
  }
  auto token =
      kube.RequestToken(name_space, reviewer, {}, std::chrono::hours(24));
  if (!token) {
    return Fail(token.error());
  }
  HttpCall call = vault.Prepare("POST", "auth/" + mount + "/config");
  call.body = nlohmann::json{
      {"kubernetes_host", kube.url()},
      {"kubernetes_ca_cert", kube.ca_pem()},
      {"token_reviewer_jwt", *token},
      {"disable_local_ca_jwt",
       true}}.dump();
  auto answer = SendHttpOk(call);
  return answer ? Status{} : Fail(answer.error());
}

}  // namespace claviger::testing

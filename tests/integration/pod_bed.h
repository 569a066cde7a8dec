// SPDX-License-Identifier: Apache-2.0
//
// A real API server with the injector behind it (operator/webhook.yaml) and the
// guard in it (operator/guard), both by the settings of the golden pods. One
// thread.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "kube/client.h"
#include "operator/webhook/server.h"
#include "support/kube_ask.h"
#include "support/real_servers.h"

namespace claviger::testing {

inline constexpr char kSidecarAudience[] = "claviger-3f9c";
inline constexpr char kOperatorAudience[] = "claviger-op-3f9c";
inline constexpr char kPushAudience[] = "claviger-push-3f9c";

class PodBed {
 public:
  static Result<std::unique_ptr<PodBed>> Start();
  ~PodBed();

  RealKubeApiServer& kube() { return *kube_; }

  /// As the administrator, or impersonating `user` of these groups.
  ApiAnswer Call(const std::string& method, const std::string& path,
                 const nlohmann::json& body = {},
                 const std::string& content_type = "application/json");
  ApiAnswer CallAs(const std::string& user,
                   const std::vector<std::string>& groups,
                   const std::string& method, const std::string& path,
                   const nlohmann::json& body);
  /// Without storing anything.
  ApiAnswer Try(const nlohmann::json& pod, const std::string& ns = "shop");

  /// The guard for these pairs of image and settings; waits until it is in
  /// force. `probe` is a sidecar's image that only this guard refuses.
  Status SetGuard(
      const std::vector<std::pair<std::string, std::string>>& sidecars);

 private:
  PodBed() = default;
  Status PrepareCluster();
  Status StartInjector();
  Status RegisterInjector();
  bool GuardsTokens();

  std::unique_ptr<RealKubeApiServer> kube_;
  std::unique_ptr<kube::Transport> transport_;
  std::unique_ptr<kube::Client> client_;
  SystemClock clock_;
  SystemRandom random_;
  NullLogger log_;
  op::webhook::Counters counters_;
  std::unique_ptr<op::webhook::Webhook> webhook_;
};

/// A pod with the sidecar as the injector writes it, without the label.
nlohmann::json InjectedPod();
nlohmann::json& SidecarOf(nlohmann::json& pod);

}  // namespace claviger::testing

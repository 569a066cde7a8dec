// SPDX-License-Identifier: Apache-2.0
//
// A real API server with the definitions, a real Vault set up as its
// administrator would, and operators as processes between them, with no more
// rights than operator/rbac.yaml and the operator's own policy give. One
// thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/real_servers.h"
#include "support/scratch_directory.h"

namespace claviger::testing {

/// Where operators find the servers.
struct Routes {
  std::string kube_url;
  std::string kube_ca_file;
  std::string vault_address;
};

/// Of tokens by which sidecars ask to be told of changes.
inline constexpr char kPushAudience[] = "claviger-push-test";

/// Longest that anything here may take to come true.
inline constexpr std::chrono::seconds kPatience{60};

/// The Connection sales/warehouse; `more` continues its spec.
std::string WarehouseYaml(const std::string& more = "");
/// A Grant sales/`name` on it for the service account "namespace/name".
std::string GrantYaml(const std::string& name, const std::string& account,
                      const std::string& more = "");

/// More for StartOperator: a webhook on a free port, as RegisterWebhook needs
/// it, and the tests' own user as everybody's administrator.
inline constexpr char kWithWebhook[] =
    "webhook: {address: 127.0.0.1, port: 0, names: [localhost]}\n"
    "admins: [{groups: [\"system:masters\"]}]\n";

class ClusterBed {
 public:
  static Result<std::unique_ptr<ClusterBed>> Start(
      const KubeOptions& options = {});

  RealKubeApiServer& kube() { return *kube_; }
  RealVault& vault() { return *vault_; }
  const ScratchDirectory& directory() const { return *directory_; }

  /// `vault.mounts` of operators started from now on.
  void SetMounts(std::string mounts) { mounts_ = std::move(mounts); }

  /// Lets operators started from now on take another way to the servers.
  void SetRoutes(Routes routes) { routes_ = std::move(routes); }

  /// "NAME=value" for operators started from now on.
  void SetEnvironment(std::vector<std::string> environment) {
    environment_ = std::move(environment);
  }

  /// Starts an operator; its files are named after it. `more` is added to its
  /// configuration.
  Result<Process> StartOperator(const std::string& name,
                                const std::string& more = "");
  std::string LogOf(const std::string& name) const;
  /// Waits until the operator's webhook listens, and lets the API server ask
  /// it: operator/webhook.yaml, with the address that it has here.
  Status RegisterWebhook(Process& process);

  Status Apply(std::string_view yaml);
  Status Delete(const std::string& kind, const std::string& ns,
                const std::string& name);
  /// Null where it is gone.
  nlohmann::json Get(const std::string& kind, const std::string& ns,
                     const std::string& name);
  /// "True/Ready", "absent" without the condition, "gone" without the object.
  std::string Condition(const std::string& kind, const std::string& ns,
                        const std::string& name, const std::string& type);
  /// Waits until the condition says that; what it said last otherwise.
  std::string AwaitCondition(const std::string& kind, const std::string& ns,
                             const std::string& name, const std::string& type,
                             const std::string& expected);
  /// Waits until it holds; false when it did not in time.
  static bool Await(const std::function<bool()>& holds,
                    std::chrono::milliseconds patience = kPatience);

  /// A Vault token by the login of a pod of that service account, or Vault's
  /// status code as text.
  Result<std::string> LogIn(const std::string& ns, const std::string& account);
  /// The status of reading a path with a token.
  int Read(const std::string& token, const std::string& path);
  /// The policy's text, empty where there is none.
  std::string Policy(const std::string& principal);
  /// What Vault holds under our names, except the ledger: for comparing.
  nlohmann::json OursInVault();

 private:
  ClusterBed() = default;
  Status PrepareCluster();
  Status PrepareVault();
  Status WriteFiles(const std::string& name, const std::string& more);

  std::string mounts_ =
      R"([{mount: secret, engine: kv2, allow: ["{namespace}/+"]}])";
  Routes routes_;
  std::vector<std::string> environment_;
  std::unique_ptr<RealKubeApiServer> kube_;
  std::unique_ptr<RealVault> vault_;
  std::optional<ScratchDirectory> directory_;
};

}  // namespace claviger::testing

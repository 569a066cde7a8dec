// SPDX-License-Identifier: Apache-2.0
//
// A real node for the tests: containerd, kubelet and kube-proxy beside a real
// API server with its controllers and scheduler, and a real Vault that pods
// can reach. Runs in the namespaces that machine.sh makes, which take all of it
// with them when they end. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.h"
#include "support/real_servers.h"
#include "support/scratch_directory.h"

namespace claviger::testing {

/// Longest that anything on the node may take to come true.
inline constexpr std::chrono::seconds kNodePatience{120};

/// True if CLAVIGER_REQUIRE_NODE=1: then a machine that cannot be a node fails
/// the tests, which are skipped loudly otherwise.
bool NodeRequired();

class Node {
 public:
  /// The node is Ready and runs pods of the image localhost/box:1 (busybox and
  /// curl). kUnsupported outside of machine.sh, or without the programs.
  static Result<std::unique_ptr<Node>> Start();

  RealKubeApiServer& kube() { return *kube_; }
  RealVault& vault() { return *vault_; }

  /// An OCI archive into the node's images.
  Status Import(const std::string& archive);
  /// Another name for an image that is there.
  Status TagImage(const std::string& image, const std::string& name);

  /// An object by its path; null where it is not there.
  nlohmann::json Get(const std::string& path);
  /// Waits for a pod's phase; what was seen last otherwise, with the reasons.
  std::string AwaitPhase(const std::string& ns, const std::string& pod,
                         std::string_view phase);
  /// What a container of it wrote.
  std::string Log(const std::string& ns, const std::string& pod,
                  const std::string& container);

 private:
  Node() = default;
  Status PrepareMachine();
  Status StartControllers();
  Status StartContainerd();
  Status StartKubelet();
  Status StartProxy();
  /// A kubeconfig for a user with a client certificate; its path.
  Result<std::string> Kubeconfig(const std::string& user,
                                 const std::vector<std::string>& groups);
  /// Starts a program of Kubernetes; it lives as long as this object.
  Status Launch(const std::string& program, std::vector<std::string> flags);
  Status AwaitReady();

  std::unique_ptr<RealVault> vault_;
  std::unique_ptr<RealKubeApiServer> kube_;
  std::unique_ptr<ScratchDirectory> directory_;
  std::vector<Process> processes_;  // ended last first
};

}  // namespace claviger::testing

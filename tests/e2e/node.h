// SPDX-License-Identifier: Apache-2.0
//
// A real node for the tests: containerd, kubelet and kube-proxy beside a real
// API server with its controllers and scheduler, and a real Vault that pods
// can reach. Runs in the namespaces that machine.sh makes, which take all of it
// with them when they end. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/kube_ask.h"
#include "support/process.h"
#include "support/real_servers.h"
#include "support/run.h"
#include "support/scratch_directory.h"

namespace claviger::testing {

/// Longest that anything on the node may take to come true.
inline constexpr std::chrono::seconds kNodePatience{120};

/// What the kernel counted for one container.
struct MemoryUse {
  uint64_t peak = 0;  // bytes, with the pages of files
  uint64_t limit = 0;
  uint64_t out_of_memory = 0;  // processes killed for it
};

class Node {
 public:
  /// The node is Ready and runs pods of the image localhost/box:1 (busybox and
  /// curl). kUnsupported outside of machine.sh, or without the programs; with
  /// CLAVIGER_REQUIRE_NODE=1 that is kInternal, so that no test is skipped.
  static Result<std::unique_ptr<Node>> Start();

  RealKubeApiServer& kube() { return *kube_; }
  RealVault& vault() { return *vault_; }

  /// An OCI archive into the node's images.
  Status Import(const std::string& archive);
  /// Another name for an image that is there.
  Status TagImage(const std::string& image, const std::string& name);

  /// Asks the API server as the administrator.
  ApiAnswer Ask(const std::string& method, const std::string& path,
                const nlohmann::json& body = {},
                const std::string& content_type = "application/json");
  /// Manifests, as `kubectl apply`.
  Status Apply(std::string_view yaml, const std::string& ns = "default");

  /// An object by its path; an empty one where it is not there.
  nlohmann::json Get(const std::string& path);
  nlohmann::json Pod(const std::string& ns, const std::string& name);
  /// The pods with this label ("app=web").
  nlohmann::json Pods(const std::string& ns, const std::string& label);
  /// Waits for a pod's phase; what was seen last otherwise, with the reasons.
  std::string AwaitPhase(const std::string& ns, const std::string& pod,
                         std::string_view phase);
  /// Waits until a Deployment has that many ready pods of its newest template
  /// and no others; what was seen last otherwise. Empty: it has.
  std::string AwaitRollout(const std::string& ns, const std::string& name,
                           int64_t replicas);
  /// What a container of it wrote.
  std::string Log(const std::string& ns, const std::string& pod,
                  const std::string& container);

  /// Runs a program in a running container, as the container's own processes
  /// run. Not by the API server: no admission is asked.
  Result<Ran> Exec(const std::string& ns, const std::string& pod,
                   const std::string& container,
                   const std::vector<std::string>& argv);
  /// The first process of a running container, or 0.
  pid_t ProcessOf(const std::string& ns, const std::string& pod,
                  const std::string& container);
  MemoryUse MemoryOf(const std::string& ns, const std::string& pod,
                     const std::string& container);

 private:
  Node() = default;
  Status Bring();
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
  /// containerd's own client.
  Result<Ran> Ctr(const std::vector<std::string>& arguments);
  std::string ContainerId(const std::string& ns, const std::string& pod,
                          const std::string& container);

  std::unique_ptr<RealVault> vault_;
  std::unique_ptr<RealKubeApiServer> kube_;
  std::unique_ptr<ScratchDirectory> directory_;
  std::vector<Process> processes_;  // ended last first
  int executions_ = 0;
};

}  // namespace claviger::testing

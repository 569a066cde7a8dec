// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include <sys/stat.h>

#include <fstream>

#include "node_config.h"
#include "support/await.h"
#include "support/real_servers_internal.h"
#include "support/run.h"

namespace claviger::testing {
namespace {

using nlohmann::json;

Status RunWell(std::vector<std::string> argv) {
  const std::string doing = argv[0] + " " + argv[1] + " " + argv[2];
  ProcessOptions options;
  options.argv = std::move(argv);
  const auto ran = RunToEnd(std::move(options));
  if (!ran) return Fail(ran.error());
  if (ran->exit_code == 0) return {};
  return Fail(ErrorCode::kInternal, doing + ": " + ran->err);
}

Status WriteKernelFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (file) return {};
  return Fail(ErrorCode::kInternal, "cannot write " + path);
}

std::string FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Kubelet wants the group above its own to be there, in each hierarchy.
Status MakeControlGroups(const std::string& name) {
  const std::string root = "/sys/fs/cgroup/";
  if (!FirstLineOf(root + "cgroup.controllers").empty()) {
    mkdir((root + name).c_str(), 0755);
    return {};
  }
  for (const char* hierarchy : {"cpu", "cpuacct", "cpuset", "memory", "devices",
                                "freezer", "blkio", "pids", "systemd"}) {
    mkdir((root + hierarchy + "/" + name).c_str(), 0755);
  }
  Status done;
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    if (!done) break;
    done = WriteKernelFile(root + "cpuset/" + name + "/" + file,
                           FirstLineOf(root + "cpuset/" + file));
  }
  return done;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::Start() {
  std::unique_ptr<Node> node(new Node());
  Status up = node->Bring();
  if (up) return node;
  // The tests take kUnsupported as leave to be skipped.
  const bool required = Environment("CLAVIGER_REQUIRE_NODE") == "1";
  return Fail(required ? ErrorCode::kInternal : up.error().code,
              up.error().message);
}

Status Node::Bring() {
  if (Environment("CLAVIGER_E2E_CGROUP").empty()) {
    return Fail(
        ErrorCode::kUnsupported,
        "not on a machine of its own: run this by tests/e2e/machine.sh");
  }
  auto directory = ScratchDirectory::Create();
  if (!directory) return Fail(directory.error());
  directory_ = std::make_unique<ScratchDirectory>(*std::move(directory));
  if (Status done = PrepareMachine(); !done) return done;
  auto vault = RealVault::Start(
      {.address = kNodeAddress, .tls = true, .state = VaultState::kUnsealed});
  if (!vault) return Fail(vault.error());
  vault_ = *std::move(vault);
  auto kube = RealKubeApiServer::Start({.address = kNodeAddress, .flags = {}});
  if (!kube) return Fail(kube.error());
  kube_ = *std::move(kube);
  Status done = StartControllers();
  if (done) done = StartContainerd();
  if (done) done = Import(CLAVIGER_E2E_BOX);
  if (done) done = StartKubelet();
  if (done) done = StartProxy();
  return done ? AwaitReady() : done;
}

Status Node::PrepareMachine() {
  Status done = RunWell({"ip", "link", "set", "lo", "up"});
  const std::vector<std::vector<std::string>> commands = {
      {"ip", "link", "add", "node0", "type", "bridge"},
      {"ip", "address", "add", std::string(kNodeAddress) + "/24", "dev",
       "node0"},
      {"ip", "link", "set", "node0", "up"},
      // Kubelet and kube-proxy take the address of the default route's device.
      {"ip", "route", "add", "default", "dev", "node0"}};
  for (const auto& command : commands) {
    if (done) done = RunWell(command);
  }
  if (done) done = WriteKernelFile("/proc/sys/net/ipv4/ip_forward", "1");
  if (done) done = MakeControlGroups(Environment("CLAVIGER_E2E_CGROUP"));
  return done;
}

Result<std::string> Node::Kubeconfig(const std::string& user,
                                     const std::vector<std::string>& groups) {
  const auto issued = kube_->IssueClientCertificate(user, groups);
  if (!issued) return Fail(issued.error());
  std::string file = user.substr(user.rfind(':') + 1);
  const auto certificate =
      directory_->Write(file + ".client.pem", issued->certificate_pem);
  const auto key = directory_->Write(file + ".client.key", issued->key_pem);
  if (!certificate || !key) {
    return Fail(ErrorCode::kInternal, "cannot write a client certificate");
  }
  const json config = {
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "it"},
      {"contexts",
       {{{"name", "it"}, {"context", {{"cluster", "it"}, {"user", "it"}}}}}},
      {"clusters",
       {{{"name", "it"},
         {"cluster",
          {{"server", kube_->url()},
           {"certificate-authority", kube_->ca_path()}}}}}},
      {"users",
       {{{"name", "it"},
         {"user",
          {{"client-certificate", *certificate}, {"client-key", *key}}}}}}};
  return directory_->Write(file + ".kubeconfig", config.dump());
}

Status Node::Launch(const std::string& program,
                    std::vector<std::string> flags) {
  auto path = FindKubeProgram(program);
  if (!path) return Fail(path.error());
  ProcessOptions options;
  options.argv = std::move(flags);
  options.argv.insert(options.argv.begin(), *path);
  options.stderr_path = directory_->File(program + ".log");
  auto process = Process::Start(options);
  if (!process) return Fail(process.error());
  processes_.push_back(*std::move(process));
  return {};
}

Status Node::StartControllers() {
  const auto manager = Kubeconfig("system:kube-controller-manager", {});
  const auto scheduler = Kubeconfig("system:kube-scheduler", {});
  if (!manager || !scheduler) {
    return Fail(ErrorCode::kInternal, "cannot write a kubeconfig");
  }
  Status done = Launch(
      "kube-controller-manager",
      {"--kubeconfig=" + *manager, "--root-ca-file=" + kube_->ca_path(),
       "--service-account-private-key-file=" + kube_->token_private_key_path(),
       "--use-service-account-credentials=true", "--leader-elect=false",
       "--cert-dir=" + directory_->path()});
  if (!done) return done;
  return Launch("kube-scheduler",
                {"--kubeconfig=" + *scheduler, "--leader-elect=false",
                 "--cert-dir=" + directory_->path()});
}

Status Node::StartContainerd() {
  mkdir(directory_->File("cni").c_str(), 0755);
  const auto network = directory_->Write(
      "cni/10-pods.conflist", NetworkConfig(directory_->path()).dump());
  const auto config = directory_->Write("containerd.toml",
                                        ContainerdConfig(directory_->path()));
  if (!network || !config) {
    return Fail(ErrorCode::kInternal, "cannot write containerd's files");
  }
  ProcessOptions options;
  options.argv = {"containerd", "--config", *config};
  options.stderr_path = directory_->File("containerd.log");
  auto process = Process::Start(options);
  if (!process) return Fail(process.error());
  auto serving =
      process->WaitForLine("containerd successfully booted", kNodePatience);
  processes_.push_back(*std::move(process));
  return serving ? Status() : Fail(serving.error(), "containerd");
}

Status Node::StartKubelet() {
  const auto kubeconfig = Kubeconfig("system:node:node", {"system:nodes"});
  const auto serving = kube_->IssueServerCertificate("node", kNodeAddress);
  if (!kubeconfig || !serving) {
    return Fail(ErrorCode::kInternal, "cannot issue kubelet's certificates");
  }
  const auto config = directory_->Write(
      "kubelet.json",
      KubeletConfig(directory_->path(), Environment("CLAVIGER_E2E_CGROUP"),
                    kube_->ca_path())
          .dump());
  for (const auto& [name, text] :
       {std::pair{"kubelet.pem", serving->certificate_pem},
        std::pair{"kubelet.key", serving->key_pem},
        std::pair{"resolv.conf", std::string()}}) {
    if (auto written = directory_->Write(name, text); !written) {
      return Fail(written.error());
    }
  }
  if (!config) return Fail(config.error());
  return Launch(
      "kubelet",
      {"--config=" + *config, "--kubeconfig=" + *kubeconfig,
       "--root-dir=" + directory_->File("kubelet"),
       std::string("--node-ip=") + kNodeAddress, "--hostname-override=node"});
}

Status Node::StartProxy() {
  const auto kubeconfig = Kubeconfig("system:kube-proxy", {});
  if (!kubeconfig) return Fail(kubeconfig.error());
  const auto config =
      directory_->Write("proxy.json", ProxyConfig(*kubeconfig).dump());
  if (!config) return Fail(config.error());
  return Launch("kube-proxy", {"--config=" + *config});
}

Status Node::AwaitReady() {
  std::string seen;
  const bool ready = Await(
      [&] {
        seen = Get("/api/v1/nodes/node")
                   .value("/status/conditions"_json_pointer, json::array())
                   .dump();
        // Pods of the namespace default need its service account too.
        return seen.find(R"("status":"True","type":"Ready")") !=
                   std::string::npos &&
               !Get("/api/v1/namespaces/default/serviceaccounts/default")
                    .empty();
      },
      kNodePatience);
  if (ready) return {};
  std::string words = "the node is not Ready: " + seen;
  for (const Process& process : processes_) {
    words += "\n" + process.StderrTail();
  }
  return Fail(ErrorCode::kDeadlineExceeded, std::move(words));
}

}  // namespace claviger::testing

// SPDX-License-Identifier: Apache-2.0
#include "node.h"

#include <sys/stat.h>

#include <fstream>

#include "support/await.h"
#include "support/real_servers_internal.h"

namespace claviger::testing {
namespace {

using nlohmann::json;
using std::chrono::seconds;

// Of the node, in a network that nobody else is in.
constexpr char kAddress[] = "10.77.0.1";
constexpr char kPods[] = "10.88.0.0/16";

Status RunToEnd(std::vector<std::string> argv, const std::string& log) {
  const std::string doing = argv[0] + " " + argv[1] + " " + argv[2];
  ProcessOptions options;
  options.argv = std::move(argv);
  options.stderr_path = log;
  auto process = Process::Start(options);
  if (!process) return Fail(process.error());
  const auto code = process->WaitForExit(seconds(60));
  if (code == 0) return {};
  return Fail(ErrorCode::kInternal, doing + ": " + process->StderrTail());
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

// No aliases for hardware, kernels and rights that a container may not have.
std::string ContainerdConfig(const std::string& directory) {
  const std::string cri = "plugins.\"io.containerd.grpc.v1.cri\"";
  return R"(version = 2
root = ")" +
         directory +
         R"(/root"
state = ")" +
         directory +
         R"(/state"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = ")" +
         directory +
         R"(/containerd.sock"
[)" + cri +
         R"(]
  sandbox_image = "localhost/box:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
[)" + cri +
         R"(.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = ")" +
         directory +
         R"(/cni"
[)" + cri +
         R"(.containerd]
  default_runtime_name = "runc"
[)" + cri +
         R"(.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[)" + cri +
         R"(.containerd.runtimes.runc.options]
  SystemdCgroup = false
)";
}

json NetworkConfig(const std::string& directory) {
  return {{"cniVersion", "1.0.0"},
          {"name", "pods"},
          {"plugins",
           {{{"type", "bridge"},
             {"bridge", "pods0"},
             {"isGateway", true},
             {"hairpinMode", true},
             {"ipam",
              {{"type", "host-local"},
               {"dataDir", directory + "/addresses"},
               {"ranges", {{{{"subnet", kPods}}}}},
               {"routes", {{{"dst", "0.0.0.0/0"}}}}}}}}}};
}

json KubeletConfig(const std::string& directory, const std::string& group,
                   const std::string& ca) {
  return {
      {"apiVersion", "kubelet.config.k8s.io/v1beta1"},
      {"kind", "KubeletConfiguration"},
      {"authentication",
       {{"x509", {{"clientCAFile", ca}}},
        {"webhook", {{"enabled", true}}},
        {"anonymous", {{"enabled", false}}}}},
      {"authorization", {{"mode", "Webhook"}}},
      {"tlsCertFile", directory + "/kubelet.pem"},
      {"tlsPrivateKeyFile", directory + "/kubelet.key"},
      {"containerRuntimeEndpoint", "unix://" + directory + "/containerd.sock"},
      {"cgroupDriver", "cgroupfs"},
      {"cgroupRoot", "/" + group},
      {"enforceNodeAllocatable", json::array()},
      {"failCgroupV1", false},
      {"failSwapOn", false},
      {"oomScoreAdj", 0},
      {"makeIPTablesUtilChains", false},
      {"resolvConf", directory + "/resolv.conf"},
      {"clusterDomain", "cluster.local"},
      {"healthzPort", 0},
      {"evictionHard",
       {{"memory.available", "1Mi"},
        {"nodefs.available", "1%"},
        {"imagefs.available", "1%"},
        {"nodefs.inodesFree", "1%"}}}};
}

json ProxyConfig(const std::string& kubeconfig) {
  return {{"apiVersion", "kubeproxy.config.k8s.io/v1alpha1"},
          {"kind", "KubeProxyConfiguration"},
          {"clientConnection", {{"kubeconfig", kubeconfig}}},
          {"mode", "iptables"},
          {"clusterCIDR", kPods},
          {"hostnameOverride", "node"},
          {"oomScoreAdj", 0},
          {"metricsBindAddress", ""},
          {"healthzBindAddress", ""},
          {"conntrack", {{"maxPerCore", 0}, {"min", 0}}}};
}

std::string StatusOf(const json& pod) {
  const json status = pod.value("status", json::object());
  std::string text = status.value("phase", "no phase");
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const json& one : status.value(list, json::array())) {
      text += "; " + one.value("name", "") + " " +
              one.value("state", json::object()).dump();
    }
  }
  return text;
}

}  // namespace

bool NodeRequired() { return Environment("CLAVIGER_REQUIRE_NODE") == "1"; }

Result<std::unique_ptr<Node>> Node::Start() {
  std::unique_ptr<Node> node(new Node());
  if (Environment("CLAVIGER_E2E_CGROUP").empty()) {
    return Fail(
        ErrorCode::kUnsupported,
        "not on a machine of its own: run this by tests/e2e/machine.sh");
  }
  auto directory = ScratchDirectory::Create();
  if (!directory) return Fail(directory.error());
  node->directory_ = std::make_unique<ScratchDirectory>(*std::move(directory));
  if (Status done = node->PrepareMachine(); !done) return Fail(done.error());
  auto vault = RealVault::Start(
      {.address = kAddress, .tls = true, .state = VaultState::kUnsealed});
  if (!vault) return Fail(vault.error());
  node->vault_ = *std::move(vault);
  auto kube = RealKubeApiServer::Start({.address = kAddress, .flags = {}});
  if (!kube) return Fail(kube.error());
  node->kube_ = *std::move(kube);
  Status done = node->StartControllers();
  if (done) done = node->StartContainerd();
  if (done) done = node->Import(CLAVIGER_E2E_BOX);
  if (done) done = node->StartKubelet();
  if (done) done = node->StartProxy();
  if (done) done = node->AwaitReady();
  if (!done) return Fail(done.error());
  return node;
}

Status Node::PrepareMachine() {
  const std::string log = directory_->File("ip.log");
  Status done = RunToEnd({"ip", "link", "set", "lo", "up"}, log);
  const std::vector<std::vector<std::string>> commands = {
      {"ip", "link", "add", "node0", "type", "bridge"},
      {"ip", "address", "add", std::string(kAddress) + "/24", "dev", "node0"},
      {"ip", "link", "set", "node0", "up"},
      // Kubelet and kube-proxy take the address of the default route's device.
      {"ip", "route", "add", "default", "dev", "node0"}};
  for (const auto& command : commands) {
    if (done) done = RunToEnd(command, log);
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

Status Node::Import(const std::string& archive) {
  return RunToEnd({"ctr", "--address", directory_->File("containerd.sock"),
                   "--namespace", "k8s.io", "images", "import", archive},
                  directory_->File("ctr.log"));
}

Status Node::TagImage(const std::string& image, const std::string& name) {
  return RunToEnd({"ctr", "--address", directory_->File("containerd.sock"),
                   "--namespace", "k8s.io", "images", "tag", image, name},
                  directory_->File("ctr.log"));
}

Status Node::StartKubelet() {
  const auto kubeconfig = Kubeconfig("system:node:node", {"system:nodes"});
  const auto serving = kube_->IssueServerCertificate("node", kAddress);
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
       std::string("--node-ip=") + kAddress, "--hostname-override=node"});
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

json Node::Get(const std::string& path) {
  const auto answer = kube_->Call("GET", path);
  if (!answer || !answer->ok()) return json::object();
  return json::parse(answer->body);
}

std::string Node::AwaitPhase(const std::string& ns, const std::string& pod,
                             std::string_view phase) {
  std::string seen;
  Await(
      [&] {
        const json object = Get("/api/v1/namespaces/" + ns + "/pods/" + pod);
        seen = StatusOf(object);
        return object.value("/status/phase"_json_pointer, "") == phase;
      },
      kNodePatience);
  return seen.substr(0, phase.size()) == phase ? std::string(phase) : seen;
}

std::string Node::Log(const std::string& ns, const std::string& pod,
                      const std::string& container) {
  const auto answer =
      kube_->Call("GET", "/api/v1/namespaces/" + ns + "/pods/" + pod +
                             "/log?container=" + container);
  return answer ? answer->body : answer.error().message;
}

}  // namespace claviger::testing

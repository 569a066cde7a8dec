// SPDX-License-Identifier: Apache-2.0
#include "node_config.h"

namespace claviger::testing {

using nlohmann::json;

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
               {"ranges", {{{{"subnet", kPodNetwork}}}}},
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
          {"clusterCIDR", kPodNetwork},
          {"hostnameOverride", "node"},
          {"oomScoreAdj", 0},
          {"metricsBindAddress", ""},
          {"healthzBindAddress", ""},
          {"conntrack", {{"maxPerCore", 0}, {"min", 0}}}};
}

}  // namespace claviger::testing

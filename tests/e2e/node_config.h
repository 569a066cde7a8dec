// SPDX-License-Identifier: Apache-2.0
//
// What the programs of a node are told, where there is no container engine, no
// registry and no network outside. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace claviger::testing {

/// Of the node, in a network that nobody else is in.
inline constexpr char kNodeAddress[] = "10.77.0.1";
inline constexpr char kPodNetwork[] = "10.88.0.0/16";

/// All of containerd's files are below `directory`. TOML.
std::string ContainerdConfig(const std::string& directory);
/// The pods' network, for CNI.
nlohmann::json NetworkConfig(const std::string& directory);
/// `group` is the control group that pods' groups are made below; `ca` has
/// signed the API server's client certificate.
nlohmann::json KubeletConfig(const std::string& directory,
                             const std::string& group, const std::string& ca);
nlohmann::json ProxyConfig(const std::string& kubeconfig);

}  // namespace claviger::testing

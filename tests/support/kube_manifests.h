// SPDX-License-Identifier: Apache-2.0
//
// `kubectl apply` for tests: manifests into a real API server, by server-side
// apply as its administrator, and the kubeconfig of that one. Blocking;
// thread-safe as the server's own calls.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "support/real_servers.h"

namespace claviger::testing {

/// Prepares a request to an API server: its method and its path.
using PrepareCall =
    std::function<HttpCall(std::string_view method, std::string_view path)>;

/// Applies every document of a YAML text, in order. An object without a
/// namespace goes to `name_space` where its kind has one. The first refusal is
/// the error, in the server's words.
Status ApplyManifests(const PrepareCall& prepare, std::string_view yaml,
                      const std::string& name_space = "default");
Status ApplyManifests(const RealKubeApiServer& kube, std::string_view yaml,
                      const std::string& name_space = "default");

/// What kubectl and Helm read to be its administrator: JSON, which is YAML.
std::string AdminKubeconfig(const RealKubeApiServer& kube);

/// The path of an object ("/apis/claviger.io/v1alpha1/namespaces/sales/grants",
/// then "/name" where `name` is given); nothing for a kind unknown here.
std::string ResourcePath(std::string_view api_version, std::string_view kind,
                         const std::string& name_space,
                         const std::string& name = "");

/// Applies the three files of `directory` (crds/) and waits until the kinds
/// are served.
Status InstallCrds(const RealKubeApiServer& kube, const std::string& directory);

}  // namespace claviger::testing

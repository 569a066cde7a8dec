// SPDX-License-Identifier: Apache-2.0
//
// How to reach an API server, from where Kubernetes keeps it: a pod's service
// account, or a kubeconfig file. What such a file can ask for beyond an
// address, authorities and a login (programs to run, proxies, impersonation, no
// verification) is refused with what to do instead. Blocking; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/cluster.h"

namespace claviger::kube {

inline constexpr std::string_view kServiceAccountDirectory =
    "/var/run/secrets/kubernetes.io/serviceaccount";

/// Of a pod: `host` and `port` are the values of KUBERNETES_SERVICE_HOST and
/// _PORT. kInvalidArgument when these are no address, or `directory` lacks
/// token, ca.crt or namespace: then this is no pod with a service account.
Result<Cluster> InCluster(const std::string& directory, const std::string& host,
                          const std::string& port);

/// Of the file at `path` (at most 1 MiB), in its context `context` or, if that
/// is empty, its current one. File names in it are relative to its directory.
/// kInvalidArgument says which field of which entry is wrong.
Result<Cluster> ReadKubeconfig(const std::string& path,
                               const std::string& context = "");

}  // namespace claviger::kube

// SPDX-License-Identifier: Apache-2.0
//
// What the injector calls what it adds to a pod: docs/reference/injection.md
// and the guard (operator/guard) name the same.
#pragma once

#include <string_view>

namespace claviger::op::inject {

inline constexpr std::string_view kLabel = "claviger.io/inject";
inline constexpr std::string_view kAnnotationPrefix = "claviger.io/";
inline constexpr std::string_view kStatusAnnotation = "claviger.io/status";
inline constexpr std::string_view kContainers = "claviger.io/containers";
inline constexpr std::string_view kConnections = "claviger.io/connections";
inline constexpr std::string_view kResources = "claviger.io/resources";
inline constexpr std::string_view kLogLevel = "claviger.io/log-level";

inline constexpr std::string_view kFiles = "claviger.io/files";
inline constexpr std::string_view kFilesMode = "claviger.io/files-mode";
inline constexpr std::string_view kFilesNotify = "claviger.io/files-notify";

inline constexpr std::string_view kTcp = "claviger.io/tcp";

inline constexpr std::string_view kSidecar = "claviger-sidecar";
inline constexpr std::string_view kProgram = "/claviger-sidecar";
inline constexpr std::string_view kTokenVolume = "claviger-token";
inline constexpr std::string_view kTokenPath = "/var/run/secrets/claviger";
inline constexpr std::string_view kRunVolume = "claviger-run";
inline constexpr std::string_view kRunPath = "/run/claviger";
inline constexpr std::string_view kSocketVariable = "CLAVIGER_SOCKET";
inline constexpr std::string_view kSocket = "/run/claviger/claviger.sock";
inline constexpr std::string_view kBindingsVariable = "SERVICE_BINDING_ROOT";
/// The sidecar's own default for files of the format service-binding.
inline constexpr std::string_view kBindings = "/run/claviger/bindings";
inline constexpr std::string_view kPushTokenFile =
    "/var/run/secrets/claviger/push-token";
inline constexpr int kHealthPort = 9810;
inline constexpr int kTcpPort = 9811;
inline constexpr std::string_view kTcpVariable = "CLAVIGER_TCP_URL";
inline constexpr std::string_view kTcpAddress = "http://127.0.0.1:9811";
inline constexpr std::string_view kTcpSecretVariable =
    "CLAVIGER_TCP_SECRET_FILE";
/// The sidecar's own default where its port was asked for.
inline constexpr std::string_view kTcpSecret = "/run/claviger/tcp-secret";
/// Likewise for the sockets of server-side-only connections.
inline constexpr std::string_view kListeners = "/run/claviger/connections";
/// Their ports on 127.0.0.1: this one for the first connection that the pod
/// names, and so on.
inline constexpr int kFirstPort = 9820;
inline constexpr std::string_view kAwsVariable =
    "AWS_CONTAINER_CREDENTIALS_FULL_URI";
inline constexpr std::string_view kAwsTokenVariable =
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
inline constexpr int kTokenSeconds = 3'600;

}  // namespace claviger::op::inject

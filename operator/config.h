// SPDX-License-Identifier: Apache-2.0
//
// The operator's configuration file: one YAML document, read once at start;
// also what the command line takes as --config. The table of its keys feeds
// --help and docs/reference/operator-config.md. Secrets are never in it, only
// the names of files. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/policy.h"
#include "access/snapshot.h"
#include "base/log.h"
#include "base/result.h"
#include "model/settings_file.h"
#include "operator/inject/settings.h"
#include "operator/inject/sidecar_text.h"
#include "operator/reconciler.h"

namespace claviger::op {

struct Listener {
  std::string address = "0.0.0.0";
  uint16_t port = 0;
};

/// Who may do everything to the objects of some namespaces.
struct Admins {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> namespaces;  // "*": all
};

/// The admission webhook, where the Kubernetes API is the source.
struct Webhook {
  bool enabled = true;
  Listener listener{"0.0.0.0", 9443};
  std::string service = "claviger-webhook";  // in the operator's namespace
  /// By which the API server may call it besides.
  std::vector<std::string> names;
  /// Name of both its configurations at the API server.
  std::string configuration = "claviger";
  /// Not made by the operator itself where set.
  std::string cert_file;
  std::string key_file;
};

/// Telling sidecars of changes at once, by the webhook's certificate.
struct Push {
  bool enabled = true;  // where audiences.push is set, too
  Listener listener{"0.0.0.0", 9444};
};

struct Config {
  std::string vault_address;
  std::string vault_ca_file;     // empty: the system's authorities
  std::string vault_namespace;   // empty: no namespace header
  std::string vault_token_file;  // empty: log in with token_file
  std::string login_role;        // empty: "claviger.<cluster>.operator"
  std::string token_file = "/var/run/secrets/claviger/token";

  access::VaultLayout layout;
  access::SnapshotSettings snapshot;
  Safety safety;
  std::vector<Admins> admins;
  std::string operator_audience;
  std::string push_audience;

  /// What tells this cluster from another one of the same name.
  std::string cluster_uid;
  std::string manifests;   // a file or directory; empty: the Kubernetes API
  std::string kubeconfig;  // empty: the pod's own service account
  std::string own_namespace = "claviger-system";
  std::string lease = "claviger-operator";
  std::string service_account = "claviger-operator";
  Webhook webhook;
  Push push;
  /// What pods get; not yet its `sidecar_text`.
  inject::Settings injection;
  LogLevel log_level = LogLevel::kInfo;
  Listener metrics{"0.0.0.0", 8080};
  Listener health{"0.0.0.0", 8081};
  std::chrono::milliseconds poll{2'000};
  std::chrono::milliseconds drift_round{600'000};
  std::chrono::milliseconds namespace_deletion_wait{300'000};
};

std::span<const model::SettingKey> ConfigKeys();

/// Reads the text of `file`. kInvalidArgument with every problem, one a line:
/// "file:line: key: what; fix".
Result<Config> ParseConfig(std::string_view text, const std::string& file);

/// Reads and parses the file. Blocking; ReadFile's errors as well.
Result<Config> LoadConfig(const std::string& file);

/// What the sidecars of injected pods are told, with the text of the file of
/// authorities, where there is one.
inject::SidecarFacts SidecarFactsOf(const Config& config, std::string ca_pem);

/// Whether changes are told at once: it needs an audience and the webhook.
bool TellsOfChanges(const Config& config);

/// What the reconciler takes of it.
ReconcilerSettings ReconcilerSettingsOf(const Config& config);

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// The command line as plain values, so that CLI11 stays in one file. Values
// are as typed: each command checks what they mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace claviger::cli {

/// Where the objects come from, and how the answer is printed.
struct CommonOptions {
  std::string manifests;  // -f: a directory or a file
  std::string config;     // --config: the operator's; empty: allow all paths
  bool json = false;      // -o json
};

struct LintOptions {
  CommonOptions common;
};

/// One question about one Connection (explain, can).
struct QuestionOptions {
  std::string as;  // "sa/ns/name" or "user/NAME"
  std::string carrier;
  std::string at;  // RFC 3339; empty: now
  std::string deliver = "inject";
  std::optional<std::string> slot;
  bool enrolled = false;
  std::vector<std::string> claims;  // "groups=a,b"
  std::string connection;           // "ns/name"
};

struct ExplainOptions {
  CommonOptions common;
  QuestionOptions question;
};

struct CanOptions {
  CommonOptions common;
  QuestionOptions question;
  std::string privilege;
};

struct WhoOptions {
  CommonOptions common;
  std::string connection;
  std::string at;
  std::string deliver = "inject";
};

struct PlanOptions {
  CommonOptions common;
  std::string token_file;  // empty: VAULT_TOKEN_FILE, then ~/.vault-token
};

struct VaultPolicyOptions {
  std::string config;
  bool json = false;
};

struct VaultSetupOptions {
  std::string config;
  std::string token_file;
  std::string operator_account = "claviger-system/claviger-operator";
  std::string kubernetes_host;
  std::string kubernetes_ca;  // file
  std::string reviewer_token_file;
  std::string jwt_keys;  // file
  std::string jwt_discovery_url;
  std::string jwt_discovery_ca;  // file
  bool dry_run = false;
  bool json = false;
};

struct VaultDoctorOptions {
  std::string config;
  std::string token_file;
  std::string operator_token_file;  // a service account's token
  std::string operator_account = "claviger-system/claviger-operator";
  bool json = false;
};

/// show and remove.
struct CredentialOptions {
  std::string connection;  // "ns/name"
  std::string socket = "/run/claviger/claviger.sock";
  std::string tag;  // --if-tag: of what must be stored; empty: whatever is
  bool remove = false;
  bool json = false;
};

struct CredentialSetOptions {
  CredentialOptions common;
  std::vector<std::string> files;  // "KEY=FILE"
  bool first = false;              // --new: none may be there
};

struct StatusOptions {
  std::string kubeconfig;  // empty: KUBECONFIG, then ~/.kube/config
  std::string context;     // empty: the current one
  std::string ns;          // empty: all
  std::string operator_namespace = "claviger-system";
  bool all = false;
  bool json = false;
};

struct DevOptions {
  std::string directory;
  std::string config;            // --config; empty: development defaults
  std::vector<std::string> as;   // "sa/ns/name": one sidecar each
  std::string vault;             // --vault; empty: the embedded one
  std::string vault_ca;          // with --vault; empty: the system's
  std::string token_file;        // with --vault
  std::string socket_directory;  // empty: a private one
  std::string ready_file;        // written once everything serves
  bool json = false;
};

struct RunOptions {
  std::vector<std::string> env;  // "ns/name" or "ns/name:PREFIX"
  std::string on_rotation = "nothing";
  std::string socket;  // empty: CLAVIGER_SOCKET, then the usual one
  std::vector<std::string> command;
};

struct TestOptions {
  std::string connection;  // "ns/name"
  std::string slot;        // empty: the one that is chosen
  std::string socket;      // likewise
  bool json = false;
};

struct HelperOptions {
  std::string kind;  // "aws", "git" or "docker"
  std::vector<std::string> words;
  std::string socket;  // likewise
};

using Arguments =
    std::variant<LintOptions, ExplainOptions, CanOptions, WhoOptions,
                 PlanOptions, VaultPolicyOptions, VaultSetupOptions,
                 VaultDoctorOptions, CredentialSetOptions, CredentialOptions,
                 StatusOptions, DevOptions, RunOptions, TestOptions,
                 HelperOptions>;

/// Either a command to run, or what to print instead (help, version, a usage
/// error) with the exit code that goes with it.
struct ParsedArguments {
  std::optional<Arguments> command;
  std::string text;
  int exit_code = 0;
};

/// `arguments` without the program's name.
ParsedArguments ParseArguments(const std::vector<std::string>& arguments);

}  // namespace claviger::cli

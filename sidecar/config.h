// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's configuration: one YAML document, a file or the text that the
// injector writes, read once at start. The table of its keys feeds --help and
// docs/reference/sidecar-config.md. Secrets are never in it, only the names of
// files.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "model/settings_file.h"
#include "sidecar/settings.h"

namespace claviger::sidecar {

struct Config {
  Settings settings;
  std::string vault_address;
  std::string vault_ca;         // PEM; empty: vault_ca_file
  std::string vault_ca_file;    // both empty: the system's authorities
  std::string vault_namespace;  // empty: no namespace header
  std::string token_file = "/var/run/secrets/claviger/token";
  std::string role_id_file;     // AppRole
  std::string secret_id_file;   // empty: the role wants none
  std::string push_token_file;  // empty: changes are noticed by polling only
  LogLevel log_level = LogLevel::kInfo;
};

/// What comes as flags beside the text, and overrides it: what differs between
/// pods that share one text. Empty: not given.
struct Overrides {
  std::string identity;           // "<namespace>/<service account>"
  std::string log_level;          // "info"
  std::string files = {};         // "sales/warehouse=pgpass,sales/lake=aws"
  std::string files_mode = {};    // "0440"
  std::string files_notify = {};  // "8080/reload"
  std::string tcp = {};           // "9811"
  std::string listen = {};        // "sales/api=http:9821"
};

std::span<const model::SettingKey> ConfigKeys();

/// Reads the text of `file`. kInvalidArgument with every problem, one a line.
Result<Config> ParseConfig(std::string_view text, const std::string& file,
                           const Overrides& overrides = {});

}  // namespace claviger::sidecar

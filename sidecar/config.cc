// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/names.h"
#include "sidecar/config_keys.h"

namespace claviger::sidecar {
namespace {

model::Problem Complaint(const std::string& file, std::string path,
                         std::string what, std::string fix) {
  model::Problem problem;
  problem.location.file = file;
  problem.path = std::move(path);
  problem.what = std::move(what);
  problem.fix = std::move(fix);
  return problem;
}

using Problems = std::vector<model::Problem>;

// Keeps what `parse` makes of the flag's text, where it was given.
template <typename T, typename Out>
void OverrideBy(const std::string& text, const char* flag,
                Result<T> (*parse)(std::string_view), Out& out,
                Problems& problems) {
  if (text.empty()) return;
  if (Result<T> parsed = parse(text)) {
    out = *std::move(parsed);
  } else {
    problems.push_back(
        Complaint(flag, "", "not understood", parsed.error().message));
  }
}

void OverrideFiles(const Overrides& overrides, FileSettings& files,
                   Problems& problems) {
  OverrideBy(overrides.files, "--files", providers::ParseFileWishes,
             files.wanted, problems);
  OverrideBy(overrides.files_mode, "--files-mode", providers::ParseFileMode,
             files.mode, problems);
  OverrideBy(overrides.files_notify, "--files-notify",
             providers::ParseFileNotice, files.notice, problems);
}

Result<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && stop == end && port != 0) return port;
  return Fail(ErrorCode::kInvalidArgument, "use a port, like 9811");
}

void Override(const Overrides& overrides, Config& config, Problems& problems) {
  OverrideFiles(overrides, config.settings.files, problems);
  OverrideBy(overrides.tcp, "--tcp", ParsePort, config.settings.tcp.port,
             problems);
  OverrideBy(overrides.listen, "--listen", providers::ParseListenWishes,
             config.settings.proxy.listeners, problems);
  if (!overrides.identity.empty()) {
    const size_t slash = overrides.identity.find('/');
    model::ObjectRef identity;
    identity.ns = overrides.identity.substr(0, slash);
    if (slash != std::string::npos) {
      identity.name = overrides.identity.substr(slash + 1);
    }
    if (IsDnsLabel(identity.ns) && IsDnsSubdomain(identity.name)) {
      config.settings.identity = std::move(identity);
    } else {
      problems.push_back(Complaint("--identity", "", "not an identity",
                                   "write it like reports/nightly"));
    }
  }
  if (overrides.log_level.empty()) return;
  if (const auto level = ParseLogLevel(overrides.log_level)) {
    config.log_level = *level;
  } else {
    problems.push_back(Complaint("--log-level", "", "unknown level",
                                 "use debug, info, warning or error"));
  }
}

void RequireIdentity(const Config& config, const std::string& file,
                     Problems& problems) {
  const model::ObjectRef& identity = config.settings.identity;
  const auto require = [&](const std::string& text, const char* key) {
    const bool complained = std::any_of(
        problems.begin(), problems.end(), [key](const model::Problem& one) {
          return one.path == key || one.location.file == "--identity";
        });
    if (!text.empty() || complained) return;
    problems.push_back(Complaint(file, key, "required", "set it"));
  };
  require(identity.ns, "identity.namespace");
  require(identity.name, "identity.serviceAccount");
}

void Finish(Draft& draft, const std::string& file, Problems& problems) {
  Config& config = draft.config;
  config.settings.health = std::move(draft.health);
  config.settings.tcp.mode = config.settings.files.mode;
  if (!config.vault_ca.empty() && !config.vault_ca_file.empty()) {
    problems.push_back(Complaint(file, "vault.ca",
                                 "given as text and as a file",
                                 "give vault.ca or vault.caFile"));
  }
  const bool approle = config.settings.vault.login == LoginKind::kAppRole;
  if (approle && config.role_id_file.empty()) {
    problems.push_back(
        Complaint(file, "vault.auth.roleIdFile", "required", "set it"));
  }
  if (!approle &&
      !(config.role_id_file.empty() && config.secret_id_file.empty())) {
    problems.push_back(Complaint(file, "vault.auth",
                                 "roleIdFile and secretIdFile are approle's",
                                 "set vault.auth.kind: approle"));
  }
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, const std::string& file,
                           const Overrides& overrides) {
  Draft draft;
  std::vector<model::Problem> problems =
      model::ReadSettings(text, file, ConfigKeys(),
                          [&draft](size_t key, const model::Value& value) {
                            ReadKey(key, value, draft);
                          });
  Override(overrides, draft.config, problems);
  RequireIdentity(draft.config, file, problems);
  Finish(draft, file, problems);
  if (problems.empty()) return std::move(draft.config);
  std::string all;
  for (const model::Problem& problem : problems) {
    if (!all.empty()) all += "\n";
    all += model::ToString(problem);
  }
  return Fail(ErrorCode::kInvalidArgument, std::move(all));
}

}  // namespace claviger::sidecar

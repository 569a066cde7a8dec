// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/operator_role.h"
#include "cli/text.h"
#include "cli/vault_access.h"
#include "cli/vault_setup_steps.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

constexpr size_t kMaxPemBytes = size_t{64} << 10U;
constexpr std::chrono::milliseconds kPause{100};
constexpr int kPauses = 100;

Status ReadInto(const std::string& file, std::string& out) {
  if (file.empty()) return {};
  auto text = ReadFile(file, kMaxPemBytes);
  if (!text) return Fail(text.error());
  out = std::move(*text);
  return {};
}

/// "-----BEGIN PUBLIC KEY-----...": one entry for each.
std::vector<std::string> SplitKeys(const std::string& pem) {
  static constexpr std::string_view kEnd = "-----END PUBLIC KEY-----";
  std::vector<std::string> keys;
  size_t from = pem.find("-----BEGIN");
  for (size_t end = pem.find(kEnd); end != std::string::npos && from < end;
       end = pem.find(kEnd, end + 1)) {
    keys.push_back(pem.substr(from, end + kEnd.size() - from));
    from = pem.find("-----BEGIN", end);
    if (from == std::string::npos) break;
  }
  return keys;
}

Result<TokenTrust> ReadTrust(const VaultSetupOptions& options) {
  TokenTrust trust;
  trust.kubernetes_host = options.kubernetes_host;
  trust.discovery_url = options.jwt_discovery_url;
  std::string keys;
  for (const auto& [file, out] :
       {std::pair(&options.kubernetes_ca, &trust.kubernetes_ca),
        std::pair(&options.jwt_discovery_ca, &trust.discovery_ca),
        std::pair(&options.jwt_keys, &keys)}) {
    if (Status read = ReadInto(*file, *out); !read) return Fail(read.error());
  }
  trust.keys = SplitKeys(keys);
  if (trust.keys.empty() && !keys.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                options.jwt_keys + " holds no PUBLIC KEY in PEM");
  }
  if (!options.reviewer_token_file.empty()) {
    auto token = ReadToken({options.reviewer_token_file, "", ""});
    if (!token) return Fail(token.error());
    trust.reviewer_token = std::move(*token);
  }
  return trust;
}

/// What the administrator typed, as far as it can be judged without Vault.
Status CheckOptions(const VaultSetupOptions& options,
                    const op::Config& config) {
  if (config.operator_audience.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "audiences.operator is not set in " + options.config +
                    "; set one that is random for this installation, so that "
                    "no other token opens the operator's role");
  }
  const bool jwt = config.layout.auth_kind == "jwt";
  if (jwt && !options.kubernetes_host.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "vault.auth.kind is jwt; give --jwt-keys or "
                "--jwt-discovery-url instead of --kubernetes-host");
  }
  if (!jwt &&
      !(options.jwt_keys.empty() && options.jwt_discovery_url.empty())) {
    return Fail(ErrorCode::kInvalidArgument,
                "vault.auth.kind is kubernetes; give --kubernetes-host "
                "instead of --jwt-keys and --jwt-discovery-url");
  }
  return {};
}

void Print(const std::vector<SetupStep>& steps, bool json, Context& context) {
  if (json) {
    nlohmann::ordered_json out{{"steps", nlohmann::ordered_json::array()}};
    for (const SetupStep& step : steps) {
      out["steps"].push_back({{"what", step.what},
                              {"state", ToString(step.state)},
                              {"note", step.note}});
    }
    context.out << DumpJson(out) << "\n";
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const SetupStep& step : steps) {
    rows.push_back({std::string(ToString(step.state)), step.what, step.note});
  }
  PrintTable({"STATE", "WHAT", "NOTE"}, rows, context.out);
}

}  // namespace

int RunVaultSetup(const VaultSetupOptions& options, Context& context) {
  const auto config = op::LoadConfig(options.config);
  if (!config) return ReportError(config.error(), context);
  const auto account = ParseAccount(options.operator_account);
  if (!account) {
    return ReportUsage(
        {account.error().code, "--operator: " + account.error().message},
        context);
  }
  if (Status fine = CheckOptions(options, *config); !fine) {
    return ReportError(fine.error(), context);
  }
  const auto trust = ReadTrust(options);
  if (!trust) return ReportError(trust.error(), context);
  const auto token =
      ReadToken({options.token_file, context.environment.vault_token_file,
                 context.environment.home});
  if (!token) return ReportError(token.error(), context);
  const auto access = VaultAccess::Open(
      {config->vault_address, config->vault_ca_file, config->vault_namespace});
  if (!access) return ReportError(access.error(), context);
  int pauses = 0;
  VaultSetup setup((*access)->api(), *token, *config, options.dry_run, [&] {
    return ++pauses <= kPauses && context.stop.WaitFor(kPause);
  });
  const Status done = setup.Run(*trust, *account);
  Print(setup.steps(), options.json, context);
  return done ? kExitYes : ReportError(done.error(), context);
}

}  // namespace claviger::cli

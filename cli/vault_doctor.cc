// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/operator_role.h"
#include "cli/text.h"
#include "cli/vault_access.h"
#include "cli/vault_doctor_checks.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

void Print(const Finding& finding, bool colour, std::ostream& out) {
  const bool problem = finding.kind == Finding::Kind::kProblem;
  const bool fine = finding.kind == Finding::Kind::kFine;
  const Colour paint =
      problem ? Colour::kRed : (fine ? Colour::kGreen : Colour::kYellow);
  const std::string_view word = problem ? "PROBLEM" : (fine ? "ok" : "?");
  out << Painted(word, paint, colour) << "  " << finding.check << ": "
      << finding.what << "\n";
  PrintPairs({{"why:", finding.why}, {"fix:", finding.fix}}, "    ", out);
}

void PrintAll(const std::vector<Finding>& findings, bool json,
              Context& context) {
  if (!json) {
    for (const Finding& finding : findings) {
      Print(finding, context.colour, context.out);
    }
    return;
  }
  nlohmann::ordered_json out{{"findings", nlohmann::ordered_json::array()}};
  for (const Finding& finding : findings) {
    out["findings"].push_back({{"kind", ToString(finding.kind)},
                               {"check", finding.check},
                               {"what", finding.what},
                               {"why", finding.why},
                               {"fix", finding.fix}});
  }
  context.out << DumpJson(out) << "\n";
}

/// The token of the operator's service account: the given one must be there,
/// the configured one may be.
Result<Secret> OperatorToken(const VaultDoctorOptions& options,
                             const op::Config& config) {
  return ReadToken({options.operator_token_file, config.token_file, ""});
}

/// An administrator's token that Vault takes, if there is one.
std::optional<Secret> AdministratorToken(VaultDoctor& doctor,
                                         const VaultDoctorOptions& options,
                                         const Context& context) {
  auto token =
      ReadToken({options.token_file, context.environment.vault_token_file,
                 context.environment.home});
  if (!token) {
    doctor.Unchecked(
        "token", "mounts, login, roles and policies: " + token.error().message,
        "give an administrator's token with --token-file");
    return std::nullopt;
  }
  if (!doctor.CheckToken(*token)) return std::nullopt;
  return std::move(*token);
}

/// What can be learned of a Vault that answers.
Status Examine(VaultDoctor& doctor, const VaultDoctorOptions& options,
               const op::Config& config, const model::ObjectRef& account,
               const Context& context) {
  const std::optional<Secret> administrator =
      AdministratorToken(doctor, options, context);
  if (administrator) {
    doctor.CheckMounts(*administrator);
    doctor.CheckAuth(*administrator);
    doctor.CheckOperator(*administrator, account);
  }
  const auto token = OperatorToken(options, config);
  if (token) {
    doctor.CheckLogin(*token, administrator ? &*administrator : nullptr);
  } else if (!options.operator_token_file.empty()) {
    return Fail(token.error());
  } else {
    doctor.Unchecked("operator login", "no token of the operator to try",
                     "give one with --operator-token-file");
  }
  return {};
}

}  // namespace

int RunVaultDoctor(const VaultDoctorOptions& options, Context& context) {
  const auto config = op::LoadConfig(options.config);
  if (!config) return ReportError(config.error(), context);
  const auto account = ParseAccount(options.operator_account);
  if (!account) {
    return ReportUsage(
        {account.error().code, "--operator: " + account.error().message},
        context);
  }
  VaultAddress address{config->vault_address, config->vault_ca_file,
                       config->vault_namespace};
  const auto access = VaultAccess::Open(address);
  if (!access) return ReportError(access.error(), context);
  address.vault_namespace.clear();
  const auto bare = VaultAccess::Open(address);
  if (!bare) return ReportError(bare.error(), context);
  VaultDoctor doctor((*access)->api(), (*bare)->api(), *config, context.clock);
  doctor.CheckConfig();
  if (doctor.CheckServer()) {
    const Status done = Examine(doctor, options, *config, *account, context);
    if (!done) return ReportError(done.error(), context);
  }
  PrintAll(doctor.findings(), options.json, context);
  const bool wrong =
      std::any_of(doctor.findings().begin(), doctor.findings().end(),
                  [](const Finding& finding) {
                    return finding.kind == Finding::Kind::kProblem;
                  });
  return wrong ? kExitNo : kExitYes;
}

}  // namespace claviger::cli

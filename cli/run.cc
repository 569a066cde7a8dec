// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

namespace claviger::cli {
namespace {

struct Runner {
  Context& context;

  int operator()(const LintOptions& options) const {
    return RunLint(options, context);
  }
  int operator()(const ExplainOptions& options) const {
    return RunExplain(options, context);
  }
  int operator()(const CanOptions& options) const {
    return RunCan(options, context);
  }
  int operator()(const WhoOptions& options) const {
    return RunWho(options, context);
  }
  int operator()(const PlanOptions& options) const {
    return RunPlan(options, context);
  }
  int operator()(const VaultPolicyOptions& options) const {
    return RunVaultPolicy(options, context);
  }
  int operator()(const VaultSetupOptions& options) const {
    return RunVaultSetup(options, context);
  }
  int operator()(const VaultDoctorOptions& options) const {
    return RunVaultDoctor(options, context);
  }
  int operator()(const CredentialSetOptions& options) const {
    return RunCredentialSet(options, context);
  }
  int operator()(const CredentialOptions& options) const {
    return options.remove ? RunCredentialRemove(options, context)
                          : RunCredentialShow(options, context);
  }
  int operator()(const StatusOptions& options) const {
    return RunStatus(options, context);
  }
  int operator()(const DevOptions& options) const {
    return RunDev(options, context);
  }
  int operator()(const RunOptions& options) const {
    return RunRun(options, context);
  }
  int operator()(const TestOptions& options) const {
    return RunTest(options, context);
  }
  int operator()(const HelperOptions& options) const {
    return RunHelper(options, context);
  }
};

}  // namespace

int Run(const std::vector<std::string>& arguments, Context& context) {
  const ParsedArguments parsed = ParseArguments(arguments);
  if (!parsed.command) {
    (parsed.exit_code == kExitYes ? context.out : context.err) << parsed.text;
    return parsed.exit_code;
  }
  const int code = std::visit(Runner{context}, *parsed.command);
  // An answer that did not get out (a full disk, a closed pipe) is no answer.
  context.out.flush();
  return context.out.good() ? code : kExitError;
}

}  // namespace claviger::cli

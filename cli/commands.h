// SPDX-License-Identifier: Apache-2.0
//
// One function per command, each in a file of its own. Each prints its answer
// to Context::out, what is beside the answer to Context::err, and returns the
// exit code. Blocking.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "cli/context.h"

namespace claviger::cli {

int RunLint(const LintOptions& options, Context& context);
int RunExplain(const ExplainOptions& options, Context& context);
int RunCan(const CanOptions& options, Context& context);
int RunWho(const WhoOptions& options, Context& context);
int RunPlan(const PlanOptions& options, Context& context);
int RunVaultPolicy(const VaultPolicyOptions& options, Context& context);
int RunVaultSetup(const VaultSetupOptions& options, Context& context);
int RunVaultDoctor(const VaultDoctorOptions& options, Context& context);
int RunCredentialSet(const CredentialSetOptions& options, Context& context);
int RunCredentialShow(const CredentialOptions& options, Context& context);
int RunCredentialRemove(const CredentialOptions& options, Context& context);
int RunStatus(const StatusOptions& options, Context& context);
/// Serves until the end is asked for.
int RunDev(const DevOptions& options, Context& context);
/// Starts a program and lives as long as it does; its exit code.
int RunRun(const RunOptions& options, Context& context);
int RunTest(const TestOptions& options, Context& context);
int RunHelper(const HelperOptions& options, Context& context);

/// Where the sidecar beside this program is: the option, or what the
/// environment names, or the usual place.
std::string SocketOf(const std::string& option, const Context& context);

}  // namespace claviger::cli

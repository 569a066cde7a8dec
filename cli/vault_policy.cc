// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/world.h"
#include "operator/config.h"
#include "operator/own_policy.h"

namespace claviger::cli {

int RunVaultPolicy(const VaultPolicyOptions& options, Context& context) {
  const auto config = op::LoadConfig(options.config);
  if (!config) return ReportError(config.error(), context);
  const auto policy = ParseJson(op::OwnPolicyText(config->layout));
  if (!policy) return ReportError(policy.error(), context);
  context.out << (options.json ? DumpJson(*policy) : policy->dump(2)) << "\n";
  return kExitYes;
}

}  // namespace claviger::cli

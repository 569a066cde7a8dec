// SPDX-License-Identifier: Apache-2.0
#include "operator/plan.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/plan_text.h"
#include "cli/vault_access.h"
#include "cli/world.h"
#include "operator/config.h"
#include "operator/vault_store.h"

namespace claviger::cli {
namespace {

Result<op::PlanResult> MakePlan(const PlanOptions& options, Context& context) {
  const auto config = op::LoadConfig(options.common.config);
  if (!config) return Fail(config.error());
  auto objects = LoadObjects(options.common.manifests);
  if (!objects) return Fail(objects.error());
  auto token =
      ReadToken({options.token_file, context.environment.vault_token_file,
                 context.environment.home});
  if (!token) return Fail(token.error());
  const auto access = VaultAccess::Open(
      {config->vault_address, config->vault_ca_file, config->vault_namespace});
  if (!access) return Fail(access.error());
  op::FixedToken fixed(std::move(*token));
  op::VaultStore store((*access)->api(), fixed, config->layout.mount);
  return op::Plan(op::ReconcilerSettingsOf(*config), store, std::move(*objects),
                  context.clock.Now());
}

/// An incomplete read plans nothing, and must not look like "nothing to do".
int Verdict(const op::PlanResult& plan, Context& context) {
  if (plan.report.incomplete_read) {
    return ReportError({ErrorCode::kMalformed,
                        "not everything could be read, so nothing was planned"},
                       context);
  }
  return plan.report.failures.empty() ? kExitYes : kExitError;
}

}  // namespace

int RunPlan(const PlanOptions& options, Context& context) {
  const auto plan = MakePlan(options, context);
  if (!plan) return ReportError(plan.error(), context);
  ReportSkipped(plan->report.problems, context);
  if (options.common.json) {
    context.out << DumpJson(ToJson(*plan)) << "\n";
  } else {
    PrintPlan(*plan, context.colour, context.out);
  }
  return Verdict(*plan, context);
}

}  // namespace claviger::cli

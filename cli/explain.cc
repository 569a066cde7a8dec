// SPDX-License-Identifier: Apache-2.0
#include "access/explain.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"

namespace claviger::cli {

int RunExplain(const ExplainOptions& options, Context& context) {
  const auto asked = ReadQuestion(options.question, context.clock);
  if (!asked) return ReportUsage(asked.error(), context);
  if (!asked->note.empty()) context.err << "note: " << asked->note << "\n";
  const auto snapshot = LoadSnapshot(options.common);
  if (!snapshot) return ReportError(snapshot.error(), context);
  ReportSkipped(snapshot->problems(), context);
  const access::Explanation explanation = Explain(
      *snapshot, asked->caller, asked->connection, asked->question, asked->now);
  if (options.common.json) {
    context.out << DumpJson(ToJson(explanation)) << "\n";
  } else {
    PrintExplanation(explanation, context.colour, context.out);
  }
  return explanation.decision.allowed() ? kExitYes : kExitNo;
}

}  // namespace claviger::cli

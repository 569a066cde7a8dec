// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/text.h"
#include "cli/world.h"
#include "model/lint.h"

namespace claviger::cli {
namespace {

using model::Problem;

bool IsWarning(const Problem& problem) {
  return problem.severity == Problem::Severity::kWarning;
}

nlohmann::ordered_json ToJson(const Problem& problem) {
  nlohmann::ordered_json json;
  json["severity"] = IsWarning(problem) ? "warning" : "error";
  json["file"] = problem.location.file;
  json["line"] = problem.location.line;
  json["object"] = problem.object;
  json["path"] = problem.path;
  json["what"] = problem.what;
  json["fix"] = problem.fix;
  return json;
}

void PrintJson(const std::vector<Problem>& problems, std::ostream& out) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Problem& problem : problems) list.push_back(ToJson(problem));
  out << DumpJson(list) << "\n";
}

std::string Counted(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) +
         (count == 1 ? "" : "s");
}

void PrintText(const std::vector<Problem>& problems, Context& context) {
  for (const Problem& problem : problems) {
    const bool warning = IsWarning(problem);
    context.out << (warning
                        ? Painted("warning: ", Colour::kYellow, context.colour)
                        : "")
                << ToString(problem) << "\n";
  }
}

void PrintSummary(const access::Snapshot& snapshot, size_t errors,
                  size_t warnings, std::ostream& err) {
  err << Counted(snapshot.connections().size(), "Connection") << ", "
      << Counted(snapshot.grants().size(), "Grant") << ", "
      << Counted(snapshot.groups().size(), "Group") << ": "
      << Counted(errors, "problem") << ", " << Counted(warnings, "warning")
      << "\n";
}

/// By place, so that a file's problems are together however they were found.
std::vector<Problem> ByPlace(std::vector<Problem> problems) {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) {
                     return std::tie(a.location.file, a.location.line) <
                            std::tie(b.location.file, b.location.line);
                   });
  return problems;
}

}  // namespace

int RunLint(const LintOptions& options, Context& context) {
  auto objects = LoadObjects(options.common.manifests);
  if (!objects) return ReportError(objects.error(), context);
  auto settings = LoadSettings(options.common.config);
  if (!settings) return ReportError(settings.error(), context);
  std::vector<Problem> problems = model::FindWarnings(*objects);
  const access::Snapshot snapshot(std::move(*objects), *settings);
  problems.insert(problems.end(), snapshot.problems().begin(),
                  snapshot.problems().end());
  problems = ByPlace(std::move(problems));
  const auto warnings = static_cast<size_t>(
      std::count_if(problems.begin(), problems.end(), IsWarning));
  const size_t errors = problems.size() - warnings;
  if (options.common.json) {
    PrintJson(problems, context.out);
  } else {
    PrintText(problems, context);
    PrintSummary(snapshot, errors, warnings, context.err);
  }
  return errors == 0 ? kExitYes : kExitNo;
}

}  // namespace claviger::cli

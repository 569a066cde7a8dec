// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/diff.h"
#include "cli/text.h"

namespace claviger::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kContextLines = 2;

/// Indented, one value a line, so that a diff shows just what changed.
std::string Indented(const std::string& text) {
  if (text.empty()) return "";
  const auto json = ParseJson(text);
  return json ? json->dump(2) : text;
}

/// A policy's text holds JSON inside of a string for no one's benefit: where
/// text parses it is shown as the value it is.
Json AsValue(const std::string& text) {
  if (text.empty()) return nullptr;
  const auto json = ParseJson(text);
  return json ? Json(*json) : Json(text);
}

char MarkOf(op::Action action) {
  if (action == op::Action::kCreate) return '+';
  return action == op::Action::kDelete ? '-' : '~';
}

Colour ColourOf(char mark) {
  if (mark == '+') return Colour::kGreen;
  return mark == '-' ? Colour::kRed : Colour::kYellow;
}

void PrintChange(const op::PlannedChange& change, bool colour,
                 std::ostream& out) {
  const char mark = MarkOf(change.action);
  const std::string title = std::string(1, mark) + " " +
                            std::string(ToString(change.kind)) + " " +
                            change.name;
  out << Painted(title, ColourOf(mark), colour) << "\n";
  const auto lines =
      Shortened(DiffLines(Indented(change.before), Indented(change.after)),
                kContextLines);
  for (const DiffLine& line : lines) {
    const char* side = line.kind == DiffLine::Kind::kAdded     ? "+ "
                       : line.kind == DiffLine::Kind::kRemoved ? "- "
                                                               : "  ";
    const std::string text = side + line.text;
    out << "    "
        << (line.kind == DiffLine::Kind::kSame
                ? text
                : Painted(text, ColourOf(side[0]), colour))
        << "\n";
  }
  out << "\n";
}

size_t Count(const op::PlanResult& plan, op::Action action) {
  return static_cast<size_t>(std::count_if(
      plan.changes.begin(), plan.changes.end(),
      [&](const auto& change) { return change.action == action; }));
}

void PrintObstacles(const op::PassReport& report, std::ostream& out) {
  for (const op::Conflict& conflict : report.conflicts) {
    out << "conflict: " << conflict.principal << ": " << conflict.what << "; "
        << conflict.fix << "\n";
  }
  for (const op::Brake& brake : report.brakes) {
    out << "brake: " << brake.gone << " of " << brake.known
        << " objects of namespace " << brake.ns
        << " are gone, so nothing of it is deleted; to confirm set "
           "safety.confirmMassDelete: "
        << brake.confirmation << "\n";
  }
  for (const op::Failure& failure : report.failures) {
    out << "failure: " << failure.principal << ": " << failure.error.message
        << "\n";
  }
}

Json ToJson(const op::PlannedChange& change) {
  Json json;
  json["action"] = ToString(change.action);
  json["kind"] = ToString(change.kind);
  json["name"] = change.name;
  json["before"] = AsValue(change.before);
  json["after"] = AsValue(change.after);
  return json;
}

Json ConflictsOf(const op::PassReport& report) {
  Json list = Json::array();
  for (const op::Conflict& conflict : report.conflicts) {
    list.push_back(Json{{"principal", conflict.principal},
                        {"what", conflict.what},
                        {"fix", conflict.fix}});
  }
  return list;
}

Json BrakesOf(const op::PassReport& report) {
  Json list = Json::array();
  for (const op::Brake& brake : report.brakes) {
    list.push_back(Json{{"namespace", brake.ns},
                        {"gone", brake.gone},
                        {"known", brake.known},
                        {"confirmation", brake.confirmation},
                        {"examples", brake.examples}});
  }
  return list;
}

Json FailuresOf(const op::PassReport& report) {
  Json list = Json::array();
  for (const op::Failure& failure : report.failures) {
    list.push_back(Json{{"principal", failure.principal},
                        {"code", ToString(failure.error.code)},
                        {"message", failure.error.message}});
  }
  return list;
}

}  // namespace

void PrintPlan(const op::PlanResult& plan, bool colour, std::ostream& out) {
  for (const op::PlannedChange& change : plan.changes) {
    PrintChange(change, colour, out);
  }
  PrintObstacles(plan.report, out);
  if (plan.changes.empty()) {
    out << "Nothing to change: Vault is as the manifests say.\n";
    return;
  }
  out << "Plan: " << Count(plan, op::Action::kCreate) << " to create, "
      << Count(plan, op::Action::kUpdate) << " to update, "
      << Count(plan, op::Action::kDelete)
      << " to delete. Nothing was written.\n";
}

nlohmann::ordered_json ToJson(const op::PlanResult& plan) {
  Json json;
  json["changes"] = Json::array();
  for (const op::PlannedChange& change : plan.changes) {
    json["changes"].push_back(ToJson(change));
  }
  json["conflicts"] = ConflictsOf(plan.report);
  json["brakes"] = BrakesOf(plan.report);
  json["failures"] = FailuresOf(plan.report);
  json["summary"] = {{"create", Count(plan, op::Action::kCreate)},
                     {"update", Count(plan, op::Action::kUpdate)},
                     {"delete", Count(plan, op::Action::kDelete)}};
  return json;
}

}  // namespace claviger::cli

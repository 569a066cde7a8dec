// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include <algorithm>

namespace claviger::cli {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string SlotText(const access::Decision& decision) {
  if (!decision.depth) return decision.slot;
  return decision.slot + " (depth " + std::to_string(*decision.depth) + ")";
}

void PrintVerdict(const access::Explanation& explanation, bool colour,
                  std::ostream& out) {
  const bool yes = explanation.decision.allowed();
  const std::string verb =
      explanation.delivery == access::Delivery::kDisclose
          ? (yes ? " may see the secret of " : " may not see the secret of ")
          : (yes ? " may use " : " may not use ");
  out << Painted(yes ? "Allowed" : "Denied",
                 yes ? Colour::kGreen : Colour::kRed, colour)
      << ": " << ToString(explanation.caller) << verb
      << ToString(explanation.connection) << "\n\n";
}

Pairs FactsOf(const access::Explanation& explanation) {
  const access::Decision& decision = explanation.decision;
  if (!decision.allowed()) {
    return {{"reason", std::string(ToString(decision.reason)) + " (" +
                           std::to_string(StatusOf(decision.reason)) + ")"},
            {"slots", Joined(decision.slots)},
            {"why", decision.detail},
            {"fix", decision.fix}};
  }
  return {{"slot", SlotText(decision)},
          {"credential", decision.vault != nullptr
                             ? Describe(*decision.vault)
                             : "the caller's own, stored by the caller"},
          {"delivery", std::string(ToString(explanation.delivery))},
          {"valid until",
           decision.valid_until ? FormatRfc3339(*decision.valid_until) : ""}};
}

}  // namespace

std::string Painted(std::string_view text, Colour colour, bool enabled) {
  if (!enabled) return std::string(text);
  const char* code = "1";
  if (colour == Colour::kGreen) code = "32";
  if (colour == Colour::kRed) code = "31";
  if (colour == Colour::kYellow) code = "33";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void PrintPairs(const Pairs& pairs, std::string_view indent,
                std::ostream& out) {
  size_t width = 0;
  for (const auto& [name, value] : pairs) {
    if (!value.empty()) width = std::max(width, name.size());
  }
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    out << indent << name << std::string(width - name.size() + 2, ' ') << value
        << "\n";
  }
}

void PrintTable(const std::vector<std::string>& header,
                const std::vector<std::vector<std::string>>& rows,
                std::ostream& out) {
  std::vector<size_t> widths;
  for (const std::string& cell : header) widths.push_back(cell.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  const auto print = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) {
        out << std::string(widths[i] - row[i].size() + 2, ' ');
      }
    }
    out << "\n";
  };
  print(header);
  for (const auto& row : rows) print(row);
}

std::string Describe(const model::VaultRef& ref) {
  std::string text = std::string(ToString(ref.engine)) + " " + ref.mount + "/" +
                     (UsesPath(ref.engine) ? ref.path : ref.role);
  if (ref.version) text += ", version " + std::to_string(*ref.version);
  return text;
}

void PrintExplanation(const access::Explanation& explanation, bool colour,
                      std::ostream& out) {
  PrintVerdict(explanation, colour, out);
  PrintPairs(FactsOf(explanation), "  ", out);
  out << "\n" << Painted("How it was decided", Colour::kBold, colour) << "\n";
  Pairs steps;
  for (const access::Step& step : explanation.steps) {
    steps.emplace_back(step.step, step.result);
  }
  PrintPairs(steps, "  ", out);
}

}  // namespace claviger::cli

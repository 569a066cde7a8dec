// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "access/explain.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/question.h"
#include "cli/text.h"
#include "cli/world.h"

namespace claviger::cli {
namespace {

using model::Privilege;

/// share and manage are exercised on the objects, from anywhere; the others in
/// a pod, where the workload gate stands before them.
bool IsGated(Privilege privilege) {
  return privilege != Privilege::kShare && privilege != Privilege::kManage;
}

struct Verdict {
  bool yes = false;
  std::string why;
  /// The privilege is there, yet using it would be refused for this reason.
  std::string but;
};

/// Whoever holds view and still is told NotVisible stands outside the gate.
bool GateRefuses(const access::Explanation& explanation) {
  return explanation.decision.reason == access::Reason::kNotVisible;
}

Verdict Judge(const access::Explanation& explanation, Privilege privilege,
              Time now) {
  Verdict verdict;
  if (!explanation.binding) {
    verdict.why = explanation.decision.detail;
    return verdict;
  }
  const model::PrivilegeSet held =
      EffectivePrivileges(*explanation.binding, now);
  if (!held.Has(privilege)) {
    verdict.why = std::string(ToString(privilege)) +
                  " is not held: no ownership, sharing or Grant gives it, or a "
                  "Deny takes it";
    return verdict;
  }
  if (IsGated(privilege) && GateRefuses(explanation)) {
    verdict.why =
        "WorkloadNotAllowed: spec.workloads does not name the carrier";
    return verdict;
  }
  verdict.yes = true;
  const bool exercises =
      privilege == Privilege::kUse || privilege == Privilege::kReadSecret;
  if (exercises && !explanation.decision.allowed()) {
    verdict.but = std::string(ToString(explanation.decision.reason)) + ": " +
                  explanation.decision.detail;
  }
  return verdict;
}

void PrintJson(const access::Explanation& explanation, Privilege privilege,
               const Verdict& verdict, std::ostream& out) {
  nlohmann::ordered_json json;
  json["answer"] = verdict.yes ? "yes" : "no";
  json["privilege"] = ToString(privilege);
  json["connection"] = ToString(explanation.connection);
  json["caller"] = ToString(explanation.caller);
  if (!verdict.why.empty()) json["why"] = verdict.why;
  if (!verdict.but.empty()) json["but"] = verdict.but;
  out << DumpJson(json) << "\n";
}

void PrintText(const Verdict& verdict, const Context& context) {
  context.out << (verdict.yes ? Painted("yes", Colour::kGreen, context.colour)
                              : Painted("no", Colour::kRed, context.colour))
              << "\n";
  if (!verdict.why.empty()) context.err << "why: " << verdict.why << "\n";
  if (!verdict.but.empty()) context.err << "but: " << verdict.but << "\n";
}

}  // namespace

int RunCan(const CanOptions& options, Context& context) {
  auto asked = ReadQuestion(options.question, context.clock);
  if (!asked) return ReportUsage(asked.error(), context);
  if (!asked->note.empty()) context.err << "note: " << asked->note << "\n";
  // Checked where the arguments were parsed.
  const Privilege privilege =
      model::ParsePrivilege(options.privilege).value_or(Privilege::kView);
  if (privilege == Privilege::kReadSecret) {
    asked->question.delivery = access::Delivery::kDisclose;
  }
  const auto snapshot = LoadSnapshot(options.common);
  if (!snapshot) return ReportError(snapshot.error(), context);
  ReportSkipped(snapshot->problems(), context);
  const access::Explanation explanation = Explain(
      *snapshot, asked->caller, asked->connection, asked->question, asked->now);
  const Verdict verdict = Judge(explanation, privilege, asked->now);
  if (options.common.json) {
    PrintJson(explanation, privilege, verdict, context.out);
  } else {
    PrintText(verdict, context);
  }
  return verdict.yes ? kExitYes : kExitNo;
}

}  // namespace claviger::cli

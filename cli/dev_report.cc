// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_report.h"

#include <sstream>

namespace claviger::cli {
namespace {

void AddObjectProblems(const op::PassReport& report, std::ostream& out) {
  for (const model::Problem& problem : report.problems) {
    if (problem.severity == model::Problem::Severity::kWarning) continue;
    out << "skipped: " << ToString(problem) << "\n";
  }
  if (report.incomplete_read) {
    out << "not everything could be read: what was given stays as it was\n";
  }
}

std::string ComplaintsOf(const op::PassReport& report) {
  std::ostringstream out;
  AddObjectProblems(report, out);
  for (const op::Conflict& conflict : report.conflicts) {
    out << "conflict: " << conflict.principal << ": " << conflict.what << "; "
        << conflict.fix << "\n";
  }
  for (const op::Brake& brake : report.brakes) {
    out << "brake: " << brake.gone << " of " << brake.known << " objects of "
        << brake.ns << " are gone: nothing of it is deleted until claviger dev "
        << "is started again\n";
  }
  for (const op::Failure& failure : report.failures) {
    out << "failed: " << failure.principal << ": " << failure.error.message
        << "\n";
  }
  if (report.interrupted) {
    out << "failed: " << report.interrupted->message << "\n";
  }
  return out.str();
}

}  // namespace

void DevReport::Say(const std::string& line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  err_ << line << "\n" << std::flush;
}

void DevReport::Say(const op::PassReport& report) {
  std::string complaints = ComplaintsOf(report);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (report.writes() > 0) {
    err_ << "reconciled: " << report.writes() << " writes in Vault for "
         << report.principals << " principals\n";
  }
  if (complaints != last_complaints_) err_ << complaints;
  err_ << std::flush;
  last_complaints_ = std::move(complaints);
}

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
#include "model/report.h"

#include <algorithm>
#include <utility>

namespace claviger::model {
namespace {

// True if `path` is `ancestor` or lies below it.
bool IsAtOrBelow(std::string_view path, std::string_view ancestor) {
  if (path.substr(0, ancestor.size()) != ancestor) return false;
  return path.size() == ancestor.size() || ancestor.empty() ||
         path[ancestor.size()] == '.' || path[ancestor.size()] == '[';
}

}  // namespace

void Report::Add(Problem::Severity severity, std::optional<int> line,
                 const std::string& path, std::string what, std::string fix) {
  const bool warning = severity == Problem::Severity::kWarning;
  if (full() || (warning && warnings_ >= kMaxWarnings)) {
    ++dropped_;
    dropped_severity_ = std::max(dropped_severity_, severity);
    return;
  }
  if (warning) ++warnings_;
  Problem problem;
  problem.severity = severity;
  problem.location = Locate(metadata_, path);
  if (line) problem.location.line = *line;
  problem.object = object_;
  problem.path = path;
  problem.what = std::move(what);
  problem.fix = std::move(fix);
  problems_.push_back(std::move(problem));
}

void Report::Note(const std::string& path) {
  // Enough to keep validation quiet; past that there is plenty to mend.
  if (decode_paths_.size() < 4 * kMaxProblems) decode_paths_.push_back(path);
}

void Report::UndecodableAt(int line, const std::string& path, std::string what,
                           std::string fix) {
  decodable_ = false;
  Note(path);
  Add(Problem::Severity::kUndecodable, line, path, std::move(what),
      std::move(fix));
}

void Report::Undecodable(const std::string& path, std::string what,
                         std::string fix) {
  decodable_ = false;
  Note(path);
  Add(Problem::Severity::kUndecodable, std::nullopt, path, std::move(what),
      std::move(fix));
}

void Report::Refuse(const std::string& path, std::string what,
                    std::string fix) {
  Note(path);
  if (reason_.empty()) reason_ = "InvalidSpec";
  Add(Problem::Severity::kInvalid, std::nullopt, path, std::move(what),
      std::move(fix));
}

void Report::Missing(const std::string& path, std::string fix) {
  Refuse(path, "required, but missing", std::move(fix));
}

void Report::Empty(const std::string& path) {
  Refuse(path, "empty", "write something, or leave the field out");
}

bool Report::Complained(std::string_view path) const {
  return std::any_of(decode_paths_.begin(), decode_paths_.end(),
                     [path](const std::string& known) {
                       return IsAtOrBelow(path, known) ||
                              IsAtOrBelow(known, path);
                     });
}

void Report::Invalid(const std::string& path, std::string what, std::string fix,
                     std::string_view reason) {
  if (reason_.empty()) reason_ = reason;
  if (Complained(path)) return;
  Add(Problem::Severity::kInvalid, std::nullopt, path, std::move(what),
      std::move(fix));
}

void Report::Warn(const std::string& path, std::string what, std::string fix) {
  if (Complained(path)) return;
  Add(Problem::Severity::kWarning, std::nullopt, path, std::move(what),
      std::move(fix));
}

std::optional<Refusal> Report::refusal() const {
  if (reason_.empty()) return std::nullopt;
  Refusal refusal{reason_, "", ""};
  size_t refusing = 0;
  for (const Problem& problem : problems_) {
    if (problem.severity == Problem::Severity::kWarning) continue;
    if (++refusing > 3) continue;
    if (refusing == 1) refusal.fix = problem.fix;
    if (refusing > 1) refusal.detail += "; ";
    refusal.detail += problem.path + ": " + problem.what;
  }
  if (refusing > 3) {
    refusal.detail += "; and " + std::to_string(refusing - 3) + " more";
  }
  return refusal;
}

std::vector<Problem> Report::Take() {
  if (dropped_ > 0) {
    Problem rest;
    rest.severity = dropped_severity_;
    rest.location = metadata_.location;
    rest.object = object_;
    rest.what = std::to_string(dropped_) + " more problems";
    rest.fix = "put these right first";
    problems_.push_back(std::move(rest));
  }
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) {
                     return a.location.line < b.location.line;
                   });
  dropped_ = 0;
  return std::move(problems_);
}

}  // namespace claviger::model

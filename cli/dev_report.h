// SPDX-License-Identifier: Apache-2.0
//
// What a development run says while it runs: each pass that did something, and
// each thing that is wrong, once. Thread-safe.
#pragma once

#include <mutex>
#include <ostream>
#include <string>

#include "operator/pass_report.h"

namespace claviger::cli {

class DevReport {
 public:
  /// `err` outlives this object; nobody else writes to it meanwhile.
  explicit DevReport(std::ostream& err) : err_(err) {}

  void Say(const std::string& line);
  /// Nothing is said where it would be what was said of the pass before.
  void Say(const op::PassReport& report);

 private:
  std::ostream& err_;
  std::mutex mutex_;
  std::string last_complaints_;  // guarded by mutex_
};

}  // namespace claviger::cli

// SPDX-License-Identifier: Apache-2.0
//
// What the operator counts, as Prometheus text (prometheus-cpp behind one
// file). Labels take their values from closed sets only: nothing that a
// manifest can say becomes one. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/time.h"
#include "operator/pass_report.h"

namespace claviger::op {

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// One pass, which took `took` and ended at `now`.
  void Count(const PassReport& report, std::chrono::milliseconds took,
             Time now);

  /// The text exposition format.
  std::string Serialize() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace claviger::op

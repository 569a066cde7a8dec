// SPDX-License-Identifier: Apache-2.0
//
// A probe that ends as a test says, at once or when it says so.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sidecar/probe/probe.h"

namespace claviger::testing {

class PlayedProbe final : public sidecar::probe::Probe {
 public:
  void Begin(sidecar::proxy::Permit permit, sidecar::proxy::Fields fields,
             Done done) override {
    begun.push_back(std::move(permit));
    for (const auto& [name, value] : fields) {
      shown.push_back(name + "=" + std::string(value.Reveal()));
    }
    if (!holds) return done(report);
    held_.push_back(std::move(done));
  }
  void End() override { held_.clear(); }

  void FinishAll(const sidecar::probe::Report& report_of_all) {
    const std::vector<Done> held = std::exchange(held_, {});
    for (const Done& done : held) done(report_of_all);
  }

  sidecar::probe::Report report;
  bool holds = false;  // until FinishAll
  std::vector<sidecar::proxy::Permit> begun;
  std::vector<std::string> shown;  // "password=..."

 private:
  std::vector<Done> held_;
};

}  // namespace claviger::testing

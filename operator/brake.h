// SPDX-License-Identifier: Apache-2.0
//
// The mass-delete brake: whether so many objects are gone that somebody should
// say that this is meant (a wiped cluster, a wrong directory, an empty list).
// Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "operator/inventory.h"
#include "operator/pass_report.h"
#include "operator/reconciler.h"

namespace claviger::op {

/// Names the brake that trips when a read gives nothing at all.
inline constexpr std::string_view kEverything = "_all";

struct Verdict {
  /// The namespaces whose connections stay as they are.
  std::set<std::string> frozen;
  /// Groups are gone, or everything is: nothing at all is deleted or given.
  bool all = false;
  /// Of these, the latter.
  bool everything = false;
  /// One for each that waits for its confirmation.
  std::vector<Brake> brakes;

  bool Holds(const std::string& ns) const {
    return all || frozen.count(ns) > 0;
  }
};

/// Whether somebody has said that this is meant.
bool IsConfirmed(const Safety& safety, const std::string& code);

/// What is told about what is `gone` (inventory lines) of `known` objects.
Brake MakeBrake(const std::string& ns, const std::vector<std::string>& gone,
                size_t known);

/// A brake that was on `before` stays on until nothing is gone any more, or
/// somebody confirms: what comes back comes piece by piece.
Verdict Judge(const Inventories& known, const Inventories& now,
              const Safety& safety, const Verdict& before = {});

}  // namespace claviger::op

// SPDX-License-Identifier: Apache-2.0
//
// How often something may be done for each of many objects: a number of times
// at once, and once more for each pause that passes. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "model/object.h"

namespace claviger::sidecar {

class Allowance {
 public:
  Allowance(int at_once, std::chrono::milliseconds pause)
      : at_once_(at_once), pause_(pause) {}

  /// Takes one; false where none is left, and none is taken.
  bool Take(const model::ObjectRef& object, SteadyTime now);

 private:
  const int at_once_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_;
  // When all of it will be left again; objects of which it is are not kept.
  std::map<model::ObjectRef, SteadyTime> full_at_;  // under mutex_
};

}  // namespace claviger::sidecar

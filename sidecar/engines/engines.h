// SPDX-License-Identifier: Apache-2.0
//
// The table of engines that this sidecar can read. Immutable; Find is
// thread-safe, the engines are the worker's.
#pragma once

#include <map>
#include <memory>

#include "base/clock.h"
#include "model/object.h"
#include "sidecar/engines/engine.h"

namespace claviger::sidecar {

class Engines {
 public:
  /// `identity` is the pod's service account. The others outlive the object.
  Engines(vault::Api& api, const Clock& clock, Random& random,
          const model::ObjectRef& identity);

  /// There is one for each that a reference can name.
  Engine& Of(model::Engine engine) const;

 private:
  std::map<model::Engine, std::unique_ptr<Engine>> engines_;
};

}  // namespace claviger::sidecar

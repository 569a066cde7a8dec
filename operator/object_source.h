// SPDX-License-Identifier: Apache-2.0
//
// The port to where the objects come from: a manifest directory, and later the
// Kubernetes API. Used by one thread at a time.
#pragma once

#include "base/result.h"
#include "model/objects.h"

namespace claviger::op {

class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  /// Everything there is. Objects::complete is false where part of it could
  /// not be read: such a read is reported, never acted on. Blocking. The
  /// source's own errors, where it could not be read at all.
  virtual Result<model::Objects> Read() = 0;
  /// Whether the next Read may give something else than the last one did; true
  /// before the first. Cheap: names, sizes and times, not contents.
  virtual bool Changed() = 0;
};

}  // namespace claviger::op

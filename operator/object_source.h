// SPDX-License-Identifier: Apache-2.0
//
// The port to where the objects come from: a manifest directory, or the
// Kubernetes API. Used by one thread at a time, but for Edited.
#pragma once

#include <optional>

#include "access/object_index.h"
#include "base/result.h"
#include "model/objects.h"

namespace claviger::op {

class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  /// Everything there is. Objects::complete is false where part of it could
  /// not be read: such a read is reported, never acted on. Blocking. The
  /// source's own errors, where it could not be read at all.
  virtual Result<access::SharedObjects> Read() = 0;
  /// What is different from what the last read gave, where the source can
  /// tell. Nothing: everything is to be read. Blocking.
  virtual std::optional<access::Edits> ReadEdits() { return std::nullopt; }
  /// Whether the next Read may give something else than the last one did; true
  /// before the first. Cheap: names, sizes and times, not contents.
  virtual bool Changed() = 0;
  /// Whether something came that has to go ahead of work under way. From any
  /// thread, often.
  virtual bool Edited() const { return false; }
};

}  // namespace claviger::op

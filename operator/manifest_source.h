// SPDX-License-Identifier: Apache-2.0
//
// Objects from a manifest file or directory. Polled: names, sizes and times
// say whether something changed, so that nothing is read again for nothing.
// Used by one thread at a time; blocking.
#pragma once

#include <optional>
#include <string>

#include "operator/object_source.h"

namespace claviger::op {

class ManifestSource final : public ObjectSource {
 public:
  explicit ManifestSource(std::string path);

  Result<access::SharedObjects> Read() override;
  /// A change counts once two calls in a row see the same: files are still
  /// being copied or removed while they differ. After ten calls in a row that
  /// all differ it counts as well.
  bool Changed() override;

 private:
  std::string path_;
  std::optional<std::string> read_;     // what the last Read was of
  std::optional<std::string> pending_;  // what the last call saw, if not that
  int unsettled_ = 0;
};

}  // namespace claviger::op

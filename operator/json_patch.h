// SPDX-License-Identifier: Apache-2.0
//
// One step of a JSON patch (RFC 6902), as the webhook answers with. A plain
// value.
#pragma once

#include <string>

namespace claviger::op {

/// `value` is JSON, empty for "remove".
struct PatchStep {
  std::string op;
  std::string path;
  std::string value;
};

}  // namespace claviger::op

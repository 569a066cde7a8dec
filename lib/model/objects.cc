// SPDX-License-Identifier: Apache-2.0
#include "model/objects.h"

#include <algorithm>

namespace claviger::model {

Ended EndedOf(std::string_view kind, const Metadata& metadata) {
  const int64_t marked = metadata.deleted_at ? 1 : 0;
  return {std::string(kind),
          {metadata.ns, metadata.name},
          metadata.uid,
          std::max<int64_t>(metadata.generation - marked, 0)};
}

}  // namespace claviger::model

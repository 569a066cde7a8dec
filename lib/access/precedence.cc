// SPDX-License-Identifier: Apache-2.0
#include "access/precedence.h"

#include <tuple>

namespace claviger::access {

bool CameBefore(const Arrival& a, const Arrival& b) {
  const model::Metadata& x = *a.object;
  const model::Metadata& y = *b.object;
  if (x.created.has_value() != y.created.has_value()) {
    return x.created.has_value();
  }
  if (x.created) {
    return std::tie(*x.created, x.uid) < std::tie(*y.created, y.uid);
  }
  return std::tie(a.connection->metadata.ns, a.connection->metadata.name,
                  a.by_grant, x.name) < std::tie(b.connection->metadata.ns,
                                                 b.connection->metadata.name,
                                                 b.by_grant, y.name);
}

}  // namespace claviger::access

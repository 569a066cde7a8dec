// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/object_id.h"

namespace claviger::op {

std::string_view ToString(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kConnection:
      return "Connection";
    case ObjectKind::kGrant:
      return "Grant";
    case ObjectKind::kGroup:
      return "Group";
  }
  return "";
}

std::string ToString(const ObjectId& id) {
  std::string text(ToString(id.kind));
  text += ' ';
  if (!id.ref.ns.empty()) text += id.ref.ns + "/";
  return text + id.ref.name;
}

}  // namespace claviger::op
